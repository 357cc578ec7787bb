/** Past runs: one to show, two to compare. */
import { Fragment } from 'react';
import { formatBytes, formatMilliseconds, formatRate } from '#engine/contract/format.ts';
import { languageTitles } from '#engine/profile/language-titles.ts';
import { LongName } from '#renderer/parts/long-name.tsx';
import { showRun, toggleCompared, useRuns, type FollowedRun } from '#renderer/runs/run-store.ts';
import type { OpenDocument } from '#renderer/workspace/open-document.ts';
import { Comparison } from '#renderer/results/comparison/comparison.tsx';
import { NoRun } from '#renderer/results/status/no-run.tsx';
import { runStatus, runWeights } from '#renderer/runs/run-facts.ts';
import { graphTitle } from '#renderer/workspace/graph-title.ts';
import { clockTime, RunTime } from '#renderer/results/figures/run-time.tsx';
import table from '#renderer/results/figures/figures-table.module.css';
import styles from './runs-tab.module.css';

interface RunsTabProps {
  readonly open: OpenDocument;
  readonly shown: FollowedRun | null;
}

export function RunsTab({ open, shown }: RunsTabProps) {
  const runs = useRuns((store) => store.runs);
  const comparedIds = useRuns((store) => store.comparedIds);
  // The latest is first in the list; the earlier one is what the later is held against.
  const [b, a] = runs.filter(({ runId }) => comparedIds.includes(runId));
  if (runs.length === 0) return <NoRun open={open} />;
  if (a && b) return <Comparison a={a} b={b} />;
  return (
    <>
      <p className={styles['about']}>
        {a
          ? `The run of ${clockTime(a.startedAt)} is A; choose another one to compare it with.`
          : 'Choose a run to show its figures, or tick two to compare them.'}
      </p>
      <table className={`${table['table']} ${styles['runs']}`}>
        <caption className="visually-hidden">The last runs, the latest first</caption>
        <Head />
        <tbody>
          {runs.map((run) => (
            <Fragment key={run.runId}>
              <RunRow
                run={run}
                isShown={run.runId === shown?.runId}
                isCompared={comparedIds.includes(run.runId)}
              />
              <ModelRows run={run} />
            </Fragment>
          ))}
        </tbody>
      </table>
    </>
  );
}

function Head() {
  return (
    <thead>
      <tr>
        <th scope="col" className={styles['tick']}>
          <span className="visually-hidden">compare</span>
        </th>
        <th scope="col" className={styles['time']}>
          started
        </th>
        <th scope="col">graph</th>
        <th scope="col" className={table['number']}>
          whole pass
        </th>
        <th scope="col" className={table['number']}>
          first token
        </th>
        <th scope="col" className={table['number']}>
          tokens / s
        </th>
        <th scope="col" className={table['number']}>
          peak
        </th>
        <th scope="col" className={styles['weights']}>
          weights
        </th>
        <th scope="col" className={styles['status']}>
          status
        </th>
      </tr>
    </thead>
  );
}

interface RunRowProps {
  readonly run: FollowedRun;
  readonly isShown: boolean;
  readonly isCompared: boolean;
}

function RunRow({ run, isShown, isCompared }: RunRowProps) {
  const { runId, graph, startedAt, until, rounds, report, live } = run;
  const { wallMs, timeToFirstTokenMs, decodeTokensPerSecond, peakBytes } = report.totals;
  const areSeveral = report.languageModels.length > 1;
  const title = graphTitle({ title: graph });
  const figures = {
    wall: written(wallMs, formatMilliseconds),
    first: areSeveral ? '' : written(timeToFirstTokenMs, formatMilliseconds),
    rate: areSeveral ? '' : written(decodeTokensPerSecond, formatRate),
    peak: written(peakBytes, formatBytes),
  };
  return (
    <tr className={table['clickable']} data-shown={isShown || undefined}>
      <td className={styles['tick']}>
        <input
          type="checkbox"
          aria-label={`Compare the run of ${title} at ${clockTime(startedAt)}`}
          checked={isCompared}
          onChange={() => toggleCompared(runId)}
        />
      </td>
      <td>
        <RunTime startedAt={startedAt} />
      </td>
      <th scope="row">
        <button
          type="button"
          className={styles['show']}
          aria-current={isShown || undefined}
          onClick={() => showRun(runId)}
        >
          <LongName name={title} />
          {until !== null && <span className={styles['until']}>up to {until}</span>}
          {rounds !== null && <span className={styles['until']}>{rounds} rounds in turn</span>}
        </button>
      </th>
      {Object.entries(figures).map(([of, text]) => (
        <td key={of} className={table['number']}>
          {text}
        </td>
      ))}
      <td className={`${styles['words']} ${styles['weights']}`}>{runWeights(report) ?? '–'}</td>
      <td className={styles['words']}>{runStatus(live)}</td>
    </tr>
  );
}

/** Several language models stand below their run, each with its own speeds. */
function ModelRows({ run: { report } }: { readonly run: FollowedRun }) {
  const titles = languageTitles(report.languageModels);
  if (titles.size < 2) return null;
  return report.languageModels.map(({ node, timeToFirstTokenMs, decodeTokensPerSecond }) => {
    const stages = report.stages.filter((stage) => stage.node === node);
    return (
      <tr key={node} className={styles['model']}>
        <td colSpan={2} />
        <th scope="row">
          <LongName name={titles.get(node) ?? node} />
        </th>
        <td />
        <td className={table['number']}>{written(timeToFirstTokenMs, formatMilliseconds)}</td>
        <td className={table['number']}>{written(decodeTokensPerSecond, formatRate)}</td>
        <td />
        <td className={`${styles['words']} ${styles['weights']}`}>
          {runWeights({ stages }) ?? '–'}
        </td>
        <td />
      </tr>
    );
  });
}

function written(value: number | null, format: (value: number) => string): string {
  return value === null || value === 0 ? '–' : format(value);
}
