/** Two runs side by side, stage by stage on one scale, and what the differences come to in words. */
import { ArrowLeft, ArrowRightLeft } from 'lucide-react';
import { formatMilliseconds } from '#engine/contract/format.ts';
import type { StageReport } from '#engine/contract/report.ts';
import { rowsToldApart } from '#engine/profile/language-titles.ts';
import { Button } from '#renderer/parts/button.tsx';
import { Hint } from '#renderer/parts/hint.tsx';
import { LongName } from '#renderer/parts/long-name.tsx';
import { isOver } from '#renderer/runs/live-run.ts';
import { isRunnable, runInTurn } from '#renderer/runs/run-in-turn.ts';
import { compare, type FollowedRun } from '#renderer/runs/run-store.ts';
import { tokensText } from '#engine/profile/tokens-text.ts';
import { graphTitle } from '#renderer/workspace/graph-title.ts';
import { RunTime } from '#renderer/results/figures/run-time.tsx';
import { StageName, hueOf } from '#renderer/results/figures/stage-name.tsx';
import table from '#renderer/results/figures/figures-table.module.css';
import {
  differences,
  pairStages,
  pairWords,
  type StagePair,
} from '#engine/profile/compare-reports.ts';
import { OperatorComparison } from './operator-comparison.tsx';
import styles from './comparison.module.css';

interface ComparisonProps {
  readonly a: FollowedRun;
  readonly b: FollowedRun;
}

export function Comparison({ a, b }: ComparisonProps) {
  const found = differences(a.report, b.report);
  return (
    <>
      <header className={styles['head']}>
        <Button weight="quiet" className={styles['back'] ?? ''} onClick={() => compare([])}>
          <ArrowLeft size={14} aria-hidden />
          All runs
        </Button>
        <RunName letter="A" run={a} />
        <RunName letter="B" run={b} />
        <InTurn a={a} b={b} />
      </header>
      <ul className={styles['sentences']}>
        {found.map(({ of, sentences }) => (
          <li key={of ?? sentences.join()}>
            {of !== null && (
              <h3 className={styles['of']}>
                <LongName name={of} />
              </h3>
            )}
            {sentences.join(' ')}
          </li>
        ))}
        {found.length === 0 && <li>One of the two has measured nothing to compare.</li>}
      </ul>
      <PairTable a={a} b={b} />
      <OperatorComparison a={a.report} b={b.report} />
    </>
  );
}

function RunName({ letter, run }: { readonly letter: string; readonly run: FollowedRun }) {
  return (
    <p className={styles['run']}>
      <strong>{letter}</strong>
      <LongName name={graphTitle({ title: run.graph })} />
      <RunTime startedAt={run.startedAt} />
    </p>
  );
}

/** Runs both again in turn, or says that they were. */
function InTurn({ a, b }: ComparisonProps) {
  if (a.rounds !== null && a.rounds === b.rounds) {
    const goesOn = !isOver(a.live) || !isOver(b.live);
    return (
      <p className={styles['turns']} role="status">
        {`${a.rounds} rounds in turn${goesOn ? ', which go on' : ''}`}
      </p>
    );
  }
  if (!isRunnable(a) || !isRunnable(b)) return null;
  return (
    <Hint text="Runs both again, round by round: a machine that slows down meanwhile slows both.">
      <Button className={styles['turns'] ?? ''} onClick={() => void runInTurn(a, b)}>
        <ArrowRightLeft size={14} aria-hidden />
        Run in turn
      </Button>
    </Hint>
  );
}

function PairTable({ a, b }: ComparisonProps) {
  const pairs = pairStages(rowsToldApart(a.report), rowsToldApart(b.report));
  const both = [...a.report.stages, ...b.report.stages];
  const longestMs = Math.max(0, ...both.map(({ latencyMs }) => latencyMs.median));
  return (
    <table className={`${table['table']} ${styles['pairs']}`}>
      <caption className="visually-hidden">
        Stages of {a.graph} (A) beside those of {b.graph} (B)
      </caption>
      <thead>
        <tr>
          <th scope="col" className={styles['stage']}>
            stage
          </th>
          <th scope="col" className={table['number']}>
            A, median
          </th>
          <th scope="col" className={table['number']}>
            B, median
          </th>
          <th scope="col" className={`${table['number']} ${styles['tokens']}`}>
            A, tokens
          </th>
          <th scope="col" className={`${table['number']} ${styles['tokens']}`}>
            B, tokens
          </th>
          <th scope="col" className={styles['against']}>
            B against A
          </th>
          <th scope="col" className={styles['bars']}>
            <span className="numbers">
              {longestMs > 0 ? `0 – ${formatMilliseconds(longestMs)}` : ''}
            </span>
            <span className="visually-hidden">bars</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {pairs.map((pair) => (
          <PairRow key={(pair.a ?? pair.b)?.id} pair={pair} longestMs={longestMs} />
        ))}
      </tbody>
    </table>
  );
}

function PairRow({ pair, longestMs }: { readonly pair: StagePair; readonly longestMs: number }) {
  const stage = (pair.a ?? pair.b) as StageReport;
  const renamed = pair.a && pair.b && pair.a.title !== pair.b.title ? pair.b.title : null;
  return (
    <tr>
      <th scope="row">
        <StageName
          node={stage.node}
          type={stage.type}
          phase={stage.phase}
          title={renamed === null ? stage.title : `${stage.title} → ${renamed}`}
          isThere={false}
        />
      </th>
      <td className={table['number']}>{latencyText(pair.a)}</td>
      <td className={table['number']}>{latencyText(pair.b)}</td>
      <td className={`${table['number']} ${styles['tokens']}`}>
        {pair.a ? tokensText(pair.a) : ''}
      </td>
      <td className={`${table['number']} ${styles['tokens']}`}>
        {pair.b ? tokensText(pair.b) : ''}
      </td>
      <td className={styles['against']}>{pairWords(pair)}</td>
      <td className={styles['bars']}>
        <span className={styles['pair']} aria-hidden>
          <Bar letter="A" stage={pair.a} longestMs={longestMs} />
          <Bar letter="B" stage={pair.b} longestMs={longestMs} />
        </span>
      </td>
    </tr>
  );
}

function latencyText(stage: StageReport | null): string {
  if (!stage) return '';
  return stage.latencyMs.runs > 0 ? formatMilliseconds(stage.latencyMs.median) : '–';
}

interface BarProps {
  readonly letter: string;
  readonly stage: StageReport | null;
  readonly longestMs: number;
}

function Bar({ letter, stage, longestMs }: BarProps) {
  const share = stage && longestMs > 0 ? stage.latencyMs.median / longestMs : 0;
  return (
    <span className={styles['line']}>
      <span className={styles['letter']}>{letter}</span>
      <span className={styles['lane']}>
        {stage && stage.latencyMs.runs > 0 && (
          <span
            className={styles['bar']}
            style={{ width: `${share * 100}%`, background: hueOf(stage.type) }}
          />
        )}
      </span>
    </span>
  );
}
