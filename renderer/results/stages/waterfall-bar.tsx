/** A stage's bar at its place within the pass, and what no stage accounts for. Figures say the same in the table. */
import type { StageReport } from '#engine/contract/report.ts';
import { isDecoding } from '#engine/contract/run-event.ts';
import { Hatch } from '#renderer/results/figures/hatch.tsx';
import { hueOf } from '#renderer/results/figures/stage-name.tsx';
import type { Span, Waterfall } from '#engine/profile/waterfall.ts';
import styles from './waterfall-bar.module.css';

const percent = (share: number): string => `${share * 100}%`;

interface WaterfallBarProps {
  readonly stage: StageReport;
  readonly span: Span;
}

export function WaterfallBar({ stage, span }: WaterfallBarProps) {
  return (
    <span className={styles['lane']} aria-hidden>
      <span
        className={`${styles['bar']} ${isDecoding(stage) ? styles['lighter'] : ''}`}
        style={{
          left: percent(span.start),
          width: percent(span.width),
          background: hueOf(stage.type),
        }}
      />
    </span>
  );
}

export function WaterfallRest({ fall }: { readonly fall: Waterfall }) {
  if (!fall.rest) return null;
  const { start, width } = fall.rest;
  return (
    <span className={styles['lane']} aria-hidden>
      <span className={styles['rest']} style={{ left: percent(start), width: percent(width) }}>
        <Hatch hue="var(--third-ink)" />
      </span>
    </span>
  );
}
