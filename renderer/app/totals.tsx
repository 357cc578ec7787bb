/** What the graph at the front costs before it is run, and what is wrong with that; opens the limits and the machine. */
import { Popover } from '@base-ui/react/popover';
import type { DescribedMachine } from '#engine/contract/described-machine.ts';
import type { GraphDocument } from '#engine/contract/document.ts';
import {
  formatBytes,
  formatCount,
  formatMilliseconds,
  formatRate,
} from '#engine/contract/format.ts';
import { factorText, limits, type Breach, type Estimates } from '#engine/estimate/budget.ts';
import { memoryFit } from '#engine/estimate/memory-fit.ts';
import { useBreaches } from '#renderer/analysis/broken-limits.ts';
import { useEstimates } from '#renderer/analysis/estimate.ts';
import { useTarget, type Target } from '#renderer/analysis/target-machine.ts';
import { graphVisualTokensText } from '#renderer/analysis/visual-tokens.ts';
import { useMachineMemory } from '#renderer/gallery/presets.ts';
import { LimitsPanel } from './limits-panel.tsx';
import styles from './totals.module.css';

export function Totals({ document }: { readonly document: GraphDocument }) {
  const estimates = useEstimates();
  const target = useTarget();
  const memoryBytes = useMemoryBytes(target);
  const breaches = useBreaches();
  if (!estimates) return null;
  const wrong = wrongText(breaches, estimates, memoryBytes);
  const about = target.described === null ? null : onMachineText(target.described, estimates);
  return (
    <Popover.Root>
      <Popover.Trigger
        className={`numbers ${styles['totals']}`}
        data-wrong={wrong !== null || undefined}
        data-described={target.described !== null || undefined}
      >
        <span className={styles['line']}>{totalsText(estimates)}</span>
        {about !== null && wrong === null && <span className={styles['second']}>{about}</span>}
        {wrong !== null && (
          <span className={styles['second']}>
            {target.described && (
              <span className={styles['machine']}>{markText(target.described)}</span>
            )}
            <span className={styles['wrong']}>{wrong}</span>
          </span>
        )}
        <span className="visually-hidden">Limits and machine</span>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner className={styles['positioner']} sideOffset={5} align="end">
          <Popover.Popup className={styles['popup']} aria-label="Limits and machine">
            <LimitsPanel {...{ document, estimates, target, memoryBytes, breaches }} />
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}

/** Of the machine that is chosen; null as long as that is not known. */
function useMemoryBytes({ described }: Target): number | null {
  const here = useMachineMemory();
  return described?.memoryBytes ?? here;
}

/** Estimates, and said to be. */
function totalsText({ graph }: Estimates): string {
  const { parameters, peakBytes } = graph.totals;
  const visual = graphVisualTokensText(graph);
  const parts = [
    `${formatCount(parameters)} params`,
    visual === null ? null : `${visual} tokens`,
    `est. ${formatBytes(peakBytes)}`,
  ];
  return parts.filter((part) => part !== null).join(' · ');
}

/** Stands wherever something is told of a machine that nobody has measured. */
const markText = ({ title }: DescribedMachine): string => `estimate for ${title}`;

function onMachineText(machine: DescribedMachine, { latency }: Estimates): string {
  const { timeToFirstTokenMs = null, decodeTokensPerSecond = null } = latency ?? {};
  const parts = [
    markText(machine),
    timeToFirstTokenMs === null ? null : `first token ${formatMilliseconds(timeToFirstTokenMs)}`,
    decodeTokensPerSecond === null ? null : `${formatRate(decodeTokensPerSecond)} tokens/s`,
  ];
  return parts.filter((part) => part !== null).join(' · ');
}

/** What is the most times too much, and how much else there is; null where nothing is wrong. */
function wrongText(
  breaches: readonly Breach[],
  { graph }: Estimates,
  memoryBytes: number | null,
): string | null {
  const [first, ...others] = breaches;
  if (first) {
    const { title, isLeast, format } = limits[first.limit];
    const rest = others.length === 0 ? '' : ` · ${others.length} more`;
    return `${title} ${format(first.by)} ${isLeast ? 'under' : 'over'} (${factorText(first)})${rest}`;
  }
  if (memoryBytes === null) return null;
  const fit = memoryFit(graph, memoryBytes);
  return fit.fits ? null : `Needs ${formatBytes(fit.neededBytes)} of ${formatBytes(memoryBytes)}`;
}
