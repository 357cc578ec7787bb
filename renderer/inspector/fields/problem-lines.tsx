/** What is wrong at one place: each sentence, with its mend where that is certain. */
import type { Problem } from '#engine/contract/problem.ts';
import { showResults } from '#renderer/view/view-store.ts';
import { edit } from '#renderer/workspace/workspace-store.ts';
import styles from './problem-lines.module.css';

/** A checkpoint of another model has hundreds; the panel of problems lists them all. */
const mostLines = 3;

export function ProblemLines({ problems }: { readonly problems: readonly Problem[] }) {
  if (problems.length === 0) return null;
  const more = problems.length - mostLines;
  return (
    <ul className={styles['lines']}>
      {problems.slice(0, mostLines).map(({ severity, message, mend }) => (
        <li key={message} className={styles[severity]}>
          {message}
          {mend && (
            <button
              type="button"
              className={styles['mend']}
              onClick={() => edit(mend.title, mend.edits)}
            >
              {mend.title}
            </button>
          )}
        </li>
      ))}
      {more > 0 && (
        <li>
          <button
            type="button"
            className={styles['mend']}
            onClick={() => showResults('problems')}
          >{`Show ${more} more`}</button>
        </li>
      )}
    </ul>
  );
}
