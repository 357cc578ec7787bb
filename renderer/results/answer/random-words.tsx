import type { AnswerShown } from './answer-shown.ts';
import styles from './answer-side.module.css';

/** Says of an answer that nothing was learnt for it. */
export function RandomWords({ answer: { model, text } }: { readonly answer: AnswerShown }) {
  if (text === '' || !model.hasRandomWeights) return null;
  return <p className={styles['random']}>Random weights: these words mean nothing.</p>;
}
