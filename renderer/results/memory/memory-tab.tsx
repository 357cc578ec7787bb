/** What the shown run held over time, what each of its stages holds, and how the whole run stands within the machine's. */
import { formatBytes } from '#engine/contract/format.ts';
import { rowsToldApart } from '#engine/profile/language-titles.ts';
import type { FollowedRun } from '#renderer/runs/run-store.ts';
import type { OpenDocument } from '#renderer/workspace/open-document.ts';
import { Hatch } from '#renderer/results/figures/hatch.tsx';
import { NoRun } from '#renderer/results/status/no-run.tsx';
import { RunFailure } from '#renderer/results/status/run-failure.tsx';
import { StageName, hueOf } from '#renderer/results/figures/stage-name.tsx';
import table from '#renderer/results/figures/figures-table.module.css';
import {
  memoryBars,
  memoryUse,
  type MemoryBar,
  type MemoryUse,
} from '#engine/profile/memory-bars.ts';
import { MemoryChart } from './memory-chart.tsx';
import styles from './memory-tab.module.css';

interface MemoryTabProps {
  readonly open: OpenDocument;
  readonly run: FollowedRun | null;
}

export function MemoryTab({ open, run }: MemoryTabProps) {
  if (!run) return <NoRun open={open} />;
  const { report } = run;
  const use = memoryUse(report);
  return (
    <>
      <RunFailure open={open} run={run} />
      {report.memoryOverTime.length > 1 && (
        <MemoryChart
          key={run.runId}
          moments={report.memoryOverTime}
          stages={rowsToldApart(report)}
          stateWord={memoryBars(report).stateWord}
        />
      )}
      {use && <MachineBar use={use} />}
      {report.stages.length > 0 && <MemoryTable open={open} run={run} />}
    </>
  );
}

function MachineBar({
  use: { peakBytes, machineBytes, budgetBytes },
}: {
  readonly use: MemoryUse;
}) {
  const percent = (bytes: number): string => `${Math.min(1, bytes / machineBytes) * 100}%`;
  return (
    <div className={styles['machine']}>
      <p>
        The whole run peaked at <strong className="numbers">{formatBytes(peakBytes)}</strong> of the
        machine’s <span className="numbers">{formatBytes(machineBytes)}</span>; a graph may take up
        to <span className="numbers">{formatBytes(budgetBytes)}</span>.
      </p>
      <div className={styles['whole']} aria-hidden>
        <span className={styles['peak']} style={{ width: percent(peakBytes) }} />
        <span className={styles['budget']} style={{ left: percent(budgetBytes) }} />
      </div>
    </div>
  );
}

function MemoryTable({ open, run }: { readonly open: OpenDocument; readonly run: FollowedRun }) {
  const { bars, stateWord, widestBytes } = memoryBars(run.report);
  const nodes = run.documentId === open.id ? open.document.nodes : {};
  const number = `${table['number']} ${styles['bytes']}`;
  return (
    <table className={table['table']}>
      <caption className="visually-hidden">Memory of the stages of the run of {run.graph}</caption>
      <thead>
        <tr>
          <th scope="col" className={styles['stage']}>
            stage
          </th>
          <th scope="col" className={number}>
            weights
          </th>
          <th scope="col" className={number}>
            {stateWord}
          </th>
          <th scope="col" className={number}>
            the rest
          </th>
          <th scope="col" className={number}>
            peak
          </th>
          <th scope="col" className={styles['bar']}>
            <Legend stateWord={stateWord} />
            <span className="visually-hidden">bar</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {bars.map((bar) => (
          <MemoryRow
            key={bar.stage.id}
            bar={bar}
            widestBytes={widestBytes}
            isThere={Object.hasOwn(nodes, bar.stage.node)}
          />
        ))}
      </tbody>
    </table>
  );
}

function Legend({ stateWord }: { readonly stateWord: string }) {
  const hue = 'var(--second-ink)';
  return (
    <span className={styles['legend']} aria-hidden>
      <span className={styles['swatch']} style={{ background: hue }} /> weights
      <span className={styles['swatch']}>
        <Hatch hue={hue} />
      </span>{' '}
      {stateWord}
      <span
        className={`${styles['swatch']} ${styles['lighter']}`}
        style={{ background: hue }}
      />{' '}
      the rest
    </span>
  );
}

interface MemoryRowProps {
  readonly bar: MemoryBar;
  readonly widestBytes: number;
  readonly isThere: boolean;
}

function MemoryRow({ bar, widestBytes, isThere }: MemoryRowProps) {
  const { stage, weightsBytes, stateBytes, restBytes, peakBytes } = bar;
  const { node, type, title, phase } = stage;
  const hue = hueOf(type);
  const width = (bytes: number): string => `${widestBytes > 0 ? (bytes / widestBytes) * 100 : 0}%`;
  return (
    <tr className={isThere ? table['clickable'] : undefined}>
      <th scope="row">
        <StageName node={node} type={type} title={title} phase={phase} isThere={isThere} />
      </th>
      {[weightsBytes, stateBytes, restBytes, peakBytes].map((bytes, column) => (
        <td key={columns[column]} className={table['number']}>
          {bytes > 0 ? formatBytes(bytes) : '–'}
        </td>
      ))}
      <td className={styles['bar']}>
        <span className={styles['stack']} aria-hidden>
          <span style={{ width: width(weightsBytes), background: hue }} />
          <span style={{ width: width(stateBytes) }}>
            <Hatch hue={hue} />
          </span>
          <span
            className={styles['lighter']}
            style={{ width: width(restBytes), background: hue }}
          />
        </span>
      </td>
    </tr>
  );
}

const columns = ['weights', 'state', 'rest', 'peak'] as const;
