/** The stages of the shown run as a table, each with its place in the pass. */
import { Fragment } from 'react';
import { formatBytes, formatMilliseconds } from '#engine/contract/format.ts';
import type { StageReport } from '#engine/contract/report.ts';
import type { Showing } from '#engine/contract/showing.ts';
import { rowTitle } from '#engine/contract/run-event.ts';
import { rowsToldApart } from '#engine/profile/language-titles.ts';
import { ProgressBar } from '#renderer/parts/progress-bar.tsx';
import type { FollowedRun } from '#renderer/runs/run-store.ts';
import type { OpenDocument } from '#renderer/workspace/open-document.ts';
import { NoRun } from '#renderer/results/status/no-run.tsx';
import { tokensText } from '#engine/profile/tokens-text.ts';
import { passCount } from '#engine/profile/pass-count.ts';
import { PassNotes } from '#renderer/results/status/pass-notes.tsx';
import { RunFailure } from '#renderer/results/status/run-failure.tsx';
import { formatSpread } from '#engine/profile/format-ratio.ts';
import { ShownPicture } from '#renderer/showing/shown-picture.tsx';
import { StageName } from '#renderer/results/figures/stage-name.tsx';
import table from '#renderer/results/figures/figures-table.module.css';
import { stageShown, type StageShown } from './stage-shown.ts';
import { WaterfallBar, WaterfallRest } from './waterfall-bar.tsx';
import { waterfall, type Span, type Waterfall } from '#engine/profile/waterfall.ts';
import styles from './stages-tab.module.css';

interface StagesTabProps {
  readonly open: OpenDocument;
  readonly run: FollowedRun | null;
}

export function StagesTab({ open, run }: StagesTabProps) {
  if (!run) return <NoRun open={open} />;
  return (
    <>
      <RunFailure open={open} run={run} />
      {run.report.stages.length > 0 && <StageTable open={open} run={run} />}
      <PassNotes report={run.report} />
    </>
  );
}

function StageTable({ open, run }: { readonly open: OpenDocument; readonly run: FollowedRun }) {
  const { report } = run;
  const fall = waterfall(report);
  const nodes = run.documentId === open.id ? open.document.nodes : {};
  const isSelected = (node: string): boolean =>
    Object.hasOwn(nodes, node) && open.selection.has(node);
  const showingsOf = ({ id, node }: StageReport): readonly Showing[] =>
    report.showings.filter(
      (showing) => showing.stage === id && (isSelected(node) || isSelected(showing.node)),
    );
  const span = fall.wholeMs > 0 ? `0 – ${formatMilliseconds(fall.wholeMs)}` : '';
  return (
    <table className={`${table['table']} ${styles['stages']}`}>
      <caption className="visually-hidden">Stages of the run of {run.graph}</caption>
      <thead>
        <tr>
          <th scope="col" className={styles['stage']}>
            stage
          </th>
          <th scope="col" className={styles['weights']}>
            precision, weights
          </th>
          <th scope="col" className={`${table['number']} ${styles['median']}`}>
            {passCount(report) > 1 ? 'median' : 'latency'}
          </th>
          <th scope="col" className={`${table['number']} ${styles['time']}`}>
            p95
          </th>
          <th scope="col" className={`${table['number']} ${styles['bytes']}`}>
            peak
          </th>
          <th scope="col" className={`${table['number']} ${styles['tokens']}`}>
            tokens
          </th>
          <th scope="col" className={styles['fall']}>
            <span className="numbers">{span}</span>
            <span className="visually-hidden">place in the pass</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {rowsToldApart(report).map((stage, place) => (
          <Fragment key={stage.id}>
            <StageRow
              stage={stage}
              shown={stageShown(run.live, stage)}
              span={fall.spans[place] as Span}
              isThere={Object.hasOwn(nodes, stage.node)}
            />
            <SeenRow showings={showingsOf(stage)} />
          </Fragment>
        ))}
      </tbody>
      <WholeRow run={run} fall={fall} />
    </table>
  );
}

/** The row of what was selected elsewhere may lie outside of the pane. */
const bringIntoSight = (row: HTMLElement | null): void => row?.scrollIntoView({ block: 'nearest' });

/** Below the row of a stage that is selected, or a part in it: what it did to what it was given to see. */
function SeenRow({ showings }: { readonly showings: readonly Showing[] }) {
  if (showings.length === 0) return null;
  return (
    <tr className={styles['seen']} ref={bringIntoSight}>
      <td colSpan={7}>
        <div className={styles['pictures']}>
          {showings.map((showing, index) => (
            <ShownPicture key={index} showing={showing} isSmall />
          ))}
        </div>
      </td>
    </tr>
  );
}

interface StageRowProps {
  readonly stage: StageReport;
  readonly shown: StageShown;
  readonly span: Span;
  readonly isThere: boolean;
}

function StageRow({ stage, shown, span, isThere }: StageRowProps) {
  const { node, type, title, phase, precision, weights } = stage;
  return (
    <tr className={isThere ? table['clickable'] : undefined}>
      <th scope="row">
        <StageName node={node} type={type} title={title} phase={phase} isThere={isThere} />
      </th>
      <td className={styles['words']}>
        {[precision, weights].filter((word) => word !== null).join(' · ') || '–'}
      </td>
      {shown.kind === 'figures' ? (
        <Figures stage={stage} />
      ) : (
        <Doing title={rowTitle(stage)} shown={shown} />
      )}
      <td className={styles['fall']}>
        {stage.latencyMs.runs > 0 && <WaterfallBar stage={stage} span={span} />}
      </td>
    </tr>
  );
}

function Figures({ stage }: { readonly stage: StageReport }) {
  const { latencyMs, memory } = stage;
  return (
    <>
      <td className={table['number']}>
        {formatMilliseconds(latencyMs.median)}
        <span className={styles['spread']}>{formatSpread(latencyMs)}</span>
      </td>
      <td className={table['number']}>
        {latencyMs.p95 === null ? '–' : formatMilliseconds(latencyMs.p95)}
      </td>
      <td className={table['number']}>{formatBytes(memory.peakBytes)}</td>
      <td className={table['number']}>{tokensText(stage)}</td>
    </>
  );
}

interface DoingProps {
  readonly title: string;
  readonly shown: Extract<StageShown, { kind: 'words' }>;
}

function Doing({ title, shown: { words, share, tone } }: DoingProps) {
  return (
    <td colSpan={4} className={`${table['number']} ${styles[tone]}`}>
      <span className={styles['doing']}>
        {share !== null && (
          <ProgressBar label={`${title}, ${words}`} share={share} className={styles['bar'] ?? ''} />
        )}
        {words}
      </span>
    </td>
  );
}

/** The wall clock of a pass, and how much of it is no stage's. */
function WholeRow({ run, fall }: { readonly run: FollowedRun; readonly fall: Waterfall }) {
  const { totals } = run.report;
  if (totals.wallMs === 0) return null;
  return (
    <tfoot>
      <tr>
        <th scope="row">Whole pass</th>
        <td />
        <td className={table['number']}>{formatMilliseconds(totals.wallMs)}</td>
        <td />
        <td className={table['number']}>{formatBytes(totals.peakBytes)}</td>
        <td />
        <td className={styles['fall']}>
          <WaterfallRest fall={fall} />
        </td>
      </tr>
    </tfoot>
  );
}
