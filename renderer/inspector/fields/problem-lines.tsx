/** What is wrong at one place: each sentence, with its mend where that is certain. */
import type { Problem } from '#engine/contract/problem.ts';
import { problemAction } from '#renderer/analysis/problem-action.ts';
import { showResults } from '#renderer/view/view-store.ts';
import styles from './problem-lines.module.css';

/** A checkpoint of another model has hundreds; the panel of problems lists them all. */
const mostLines = 3;

export function ProblemLines({ problems }: { readonly problems: readonly Problem[] }) {
  if (problems.length === 0) return null;
  const more = problems.length - mostLines;
  return (
    <ul className={styles['lines']}>
      {problems.slice(0, mostLines).map((problem) => (
        <Line key={problem.message} problem={problem} />
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

function Line({ problem }: { readonly problem: Problem }) {
  const action = problemAction(problem);
  return (
    <li className={styles[problem.severity]}>
      {problem.message}
      {action && (
        <button type="button" className={styles['mend']} onClick={action.run}>
          {action.title}
        </button>
      )}
    </li>
  );
}
