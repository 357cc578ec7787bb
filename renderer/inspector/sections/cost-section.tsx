/** What a node costs: reckoned before a run, measured by one. */
import { formatBytes, formatMilliseconds } from '#engine/contract/format.ts';
import { hasErrors } from '#engine/contract/problem.ts';
import type { StageReport } from '#engine/contract/report.ts';
import type { CheckedNode } from '#engine/graph/check.ts';
import { checkedGraph } from '#renderer/analysis/checked-graph.ts';
import { useEstimates } from '#renderer/analysis/estimate.ts';
import { useTarget } from '#renderer/analysis/target-machine.ts';
import { formatSpread } from '#engine/profile/format-ratio.ts';
import { ownRun, useRuns } from '#renderer/runs/run-store.ts';
import type { OpenDocument } from '#renderer/workspace/open-document.ts';
import { Figures } from './figures.tsx';
import {
  errorFigures,
  languageMeasures,
  latencyFigures,
  measuredFigures,
  measuredRows,
  stageFigures,
  tokensText,
  type MeasuredRow,
} from './node-measures.ts';
import styles from './cost-section.module.css';
import panelStyles from './panel.module.css';

interface CostProps {
  readonly open: OpenDocument;
  readonly node: CheckedNode;
}

export function CostSection({ open, node }: CostProps) {
  return (
    <>
      <Estimate open={open} node={node} />
      <Measurement open={open} node={node} />
    </>
  );
}

function Estimate({ open, node }: CostProps) {
  const estimates = useEstimates();
  const { described } = useTarget();
  const estimate = estimates?.graph;
  const stage = estimate?.stages.find((each) => each.node === node.id);
  const figures = [
    ...(stage ? stageFigures(stage) : []),
    ...latencyFigures(node.id, estimates?.latency ?? null),
  ];
  const isPart = node.definition?.body.kind === 'part';
  const isBroken = !estimate && hasErrors(checkedGraph(open.document).problems);
  const isCosting = node.definition?.params['weights'] !== undefined;
  const sentence = isPart
    ? 'A part is counted with the node that it is plugged into.'
    : isBroken && isCosting
      ? 'The estimate comes back once the errors of the graph are mended.'
      : null;
  if (figures.length === 0 && sentence === null) return null;
  return (
    <section className={panelStyles['section']} aria-label="Estimate">
      <h3 className={panelStyles['heading']}>
        {described ? `Estimate for ${described.title}` : 'Estimate'}
      </h3>
      {figures.length > 0 ? (
        <Figures figures={figures} />
      ) : (
        <p className={panelStyles['quiet']}>{sentence}</p>
      )}
    </section>
  );
}

function Measurement({ open, node }: CostProps) {
  const run = useRuns((runs) => ownRun(runs, open.id));
  const rows = measuredRows(run?.report ?? null, node.id);
  const model = run?.report.languageModels.find((each) => each.node === node.id);
  const passes = rows[0]?.stage.latencyMs.runs ?? 0;
  const { described } = useTarget();
  const latency = useEstimates()?.latency ?? null;
  if (!run || passes === 0) return null;
  // What is foretold for another machine is nothing to hold a run of this one against.
  const errors = errorFigures(rows, run.report, described ? null : latency);
  return (
    <section className={panelStyles['section']} aria-label="Measured">
      <h3 className={panelStyles['heading']}>
        Measured
        <span className={styles['passes']}>
          {passes === 1 ? 'in one pass' : `in ${passes} passes`}
        </span>
      </h3>
      {rows.length === 1 ? (
        rows.map(({ id, stage }) => <Figures key={id} figures={measuredFigures(stage)} />)
      ) : (
        <>
          <PhaseTable rows={rows} />
          {model && <Figures figures={languageMeasures(model, rows)} />}
        </>
      )}
      {errors.length > 0 && <Figures figures={errors} />}
    </section>
  );
}

/** The twentieth pass where so many were timed, else how sure the median is. */
function besideMedian({ latencyMs }: StageReport): string {
  if (latencyMs.p95 === null) return formatSpread(latencyMs);
  return `p95 ${formatMilliseconds(latencyMs.p95)}`;
}

/** Two lines a phase, since the inspector may be narrow. */
function PhaseTable({ rows }: { readonly rows: readonly MeasuredRow[] }) {
  return (
    <table className={`numbers ${styles['table']}`}>
      <thead>
        <tr>
          <th scope="col">phase</th>
          <th scope="col">median</th>
          <th scope="col">peak</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ id, phase, stage }) => (
          <tr key={id}>
            <th scope="row">
              {phase}
              <span className={styles['second']}>{tokensText(stage)} tokens</span>
            </th>
            <td>
              {formatMilliseconds(stage.latencyMs.median)}
              <span className={styles['second']}>{besideMedian(stage)}</span>
            </td>
            <td>{formatBytes(stage.memory.peakBytes)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
