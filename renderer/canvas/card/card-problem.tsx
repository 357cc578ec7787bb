/** What is wrong with a node, on its card, with the mend where there is one. */
import type { Problem } from '#engine/contract/problem.ts';
import { Hint } from '#renderer/parts/hint.tsx';
import { edit } from '#renderer/workspace/workspace-store.ts';
import { problemLines, rowPx } from './card-geometry.ts';
import styles from './card-problem.module.css';

export function CardProblem({ problem }: { readonly problem: Problem }) {
  const { message, mend, severity } = problem;
  const lines = problemLines(message);
  return (
    <div className={styles['problem']} data-severity={severity}>
      <Hint text={message}>
        <p
          className={styles['sentence']}
          style={{ height: lines * rowPx.problemLine, WebkitLineClamp: lines }}
        >
          {message}
        </p>
      </Hint>
      {mend && (
        <button
          type="button"
          className={`nodrag ${styles['mend']}`}
          onClick={(event) => {
            event.stopPropagation();
            edit(mend.title, mend.edits);
          }}
        >
          {mend.title}
        </button>
      )}
    </div>
  );
}
