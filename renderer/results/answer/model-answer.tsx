/** One of several answers, with what it took. */
import { useId } from 'react';
import { LongName } from '#renderer/parts/long-name.tsx';
import type { AnswerShown } from './answer-shown.ts';
import { AnswerText } from './answer-text.tsx';
import { CopyAnswer } from './copy-answer.tsx';
import { furtherFacts, headlineFacts } from '#engine/profile/language-facts.ts';
import { FactLine } from './fact-line.tsx';
import { RandomWords } from './random-words.tsx';
import styles from './answer-side.module.css';

export function ModelAnswer({ answer }: { readonly answer: AnswerShown }) {
  const { title, model, text, state } = answer;
  const heading = useId();
  const facts = [...headlineFacts(model), ...furtherFacts(model)];
  return (
    <section
      className={styles['model']}
      aria-labelledby={heading}
      data-going={state === '' ? undefined : true}
    >
      <header className={styles['model-head']}>
        <h3 id={heading} className={styles['model-title']}>
          <LongName name={title} />
        </h3>
        {state !== '' && <span className={styles['state']}>{state}</span>}
        <CopyAnswer text={text} of={title} />
      </header>
      <RandomWords answer={answer} />
      <AnswerText answer={answer} />
      {facts.length > 0 && <FactLine facts={facts} />}
    </section>
  );
}
