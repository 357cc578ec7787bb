/** Everything that is wrong with the graph, node by node, each with the way to it and, where it is certain, the mend. */
import { nodeTitle } from '#engine/graph/node-title.ts';
import { CircleAlert, CircleCheck, TriangleAlert } from 'lucide-react';
import type { Problem } from '#engine/contract/problem.ts';
import { checkedGraph } from '#renderer/analysis/checked-graph.ts';
import { problemAction } from '#renderer/analysis/problem-action.ts';
import { useIsLookedAt, useProblems } from '#renderer/analysis/problems.ts';
import { focusNode } from '#renderer/canvas/flow/focus-node.ts';
import { Button } from '#renderer/parts/button.tsx';
import { Glyph } from '#renderer/parts/glyph.tsx';
import { LongName } from '#renderer/parts/long-name.tsx';
import type { OpenDocument } from '#renderer/workspace/open-document.ts';
import { edit } from '#renderer/workspace/workspace-store.ts';
import { groupProblems, type ProblemGroup } from './group-problems.ts';
import { mendAll, mendCount } from './mend-all.ts';
import styles from './problems.module.css';

export function Problems({ open }: { readonly open: OpenDocument }) {
  const problems = useProblems(open.document);
  if (problems.length === 0) return <NoProblems />;
  const mends = mendCount(problems);
  return (
    <div className={styles['problems']}>
      <header className={styles['head']}>
        <p>
          {countWords(problems)}
          {mends > 1 && ` ${mends} can be mended at once.`}
        </p>
        {mends > 1 && (
          <Button
            className={styles['mend'] ?? ''}
            onClick={() => edit('Mend all problems', mendAll(open.document, problems))}
          >
            Mend all
          </Button>
        )}
      </header>
      {groupProblems(problems).map((group) => (
        <Group key={group.node ?? ''} open={open} group={group} />
      ))}
    </div>
  );
}

function NoProblems() {
  if (!useIsLookedAt())
    return <p className={styles['none']}>Looking through the graph and the files that it names…</p>;
  return (
    <p className={styles['none']}>
      <CircleCheck size={15} aria-hidden />
      No problems: the graph can run.
    </p>
  );
}

/** "2 errors stand in the way of a run, 1 warning does not." */
function countWords(problems: readonly Problem[]): string {
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const warnings = problems.length - errors;
  const errorWords = errors === 1 ? '1 error stands' : `${errors} errors stand`;
  const warningWords = warnings === 1 ? '1 warning' : `${warnings} warnings`;
  if (errors === 0) return `${warningWords}; the graph can run.`;
  if (warnings === 0) return `${errorWords} in the way of a run.`;
  return `${errorWords} in the way of a run; ${warningWords} ${warnings === 1 ? 'does' : 'do'} not.`;
}

function Group({ open, group }: { readonly open: OpenDocument; readonly group: ProblemGroup }) {
  const checked = group.node === null ? undefined : checkedGraph(open.document).nodes[group.node];
  const title = checked ? nodeTitle(checked) : (group.node ?? 'The graph');
  return (
    <section className={styles['group']} aria-label={title}>
      <h3 className={styles['title']}>
        {checked && <Glyph family={checked.definition?.family ?? null} />}
        <LongName name={title} />
      </h3>
      <ul>
        {group.problems.map((problem, place) => (
          // Two problems of one node may read the same.
          <Row
            key={`${place} ${problem.message}`}
            problem={problem}
            isThere={checked !== undefined}
          />
        ))}
      </ul>
    </section>
  );
}

function Row({ problem, isThere }: { readonly problem: Problem; readonly isThere: boolean }) {
  const { severity, message, node } = problem;
  const action = problemAction(problem);
  const sign =
    severity === 'error' ? (
      <CircleAlert size={14} className={styles['error']} role="img" aria-label="Error" />
    ) : (
      <TriangleAlert size={14} className={styles['warning']} role="img" aria-label="Warning" />
    );
  return (
    <li className={styles['row']}>
      {isThere && node !== undefined ? (
        <button type="button" className={styles['sentence']} onClick={() => focusNode(node)}>
          {sign}
          <span>{message}</span>
        </button>
      ) : (
        <p className={styles['sentence']}>
          {sign}
          <span>{message}</span>
        </p>
      )}
      {action && (
        <Button className={styles['mend'] ?? ''} onClick={action.run}>
          {action.title}
        </Button>
      )}
    </li>
  );
}
