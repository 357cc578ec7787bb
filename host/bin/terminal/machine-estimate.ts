/** What a graph will take on a machine, and which limits it breaks, as a terminal shows it. */
import { formatBytes, formatMilliseconds, formatRate } from '#engine/contract/format.ts';
import { rowTitle } from '#engine/contract/run-event.ts';
import { breachText, factorText, limits, type Breach } from '#engine/estimate/budget.ts';
import type { LatencyEstimate } from '#engine/estimate/latency.ts';
import { fitText, type MemoryChange, type MemoryFit } from '#engine/estimate/memory-fit.ts';
import { heaviestText } from '#engine/profile/heaviest-text.ts';
import { formatTable } from './table.ts';

export interface MachineEstimate {
  /** Null for this machine. */
  readonly machine: string | null;
  /** Null where the machine has not been measured. */
  readonly latency: LatencyEstimate | null;
  readonly fit: MemoryFit;
  /** What would save memory; only where it does not fit. */
  readonly changes: readonly MemoryChange[];
  /** Null where no limits were given. */
  readonly breaches: readonly Breach[] | null;
}

export function machineEstimateText(estimate: MachineEstimate): string {
  const { machine, latency, fit, changes, breaches } = estimate;
  const heading = machine === null ? 'For this machine (estimates)' : `Estimate for ${machine}`;
  return [
    heading,
    '',
    ...(latency ? [latencyTable(latency), '', ...speeds(latency)] : []),
    fitText(fit),
    ...changes.map(
      ({ title, savedBytes, fits }) =>
        `  ${title}: ${formatBytes(savedBytes)} less${fits ? ', and it fits' : ''}.`,
    ),
    ...(breaches ? ['', ...breachLines(breaches)] : []),
  ].join('\n');
}

function latencyTable({ stages }: LatencyEstimate): string {
  return formatTable(
    [
      { title: 'stage', align: 'left', text: rowTitle },
      { title: 'latency', align: 'right', text: ({ ms }) => formatMilliseconds(ms) },
      {
        title: 'tokens/s',
        align: 'right',
        text: ({ tokensPerSecond }) =>
          tokensPerSecond === null ? '' : formatRate(tokensPerSecond),
      },
    ],
    stages,
  );
}

function speeds({ timeToFirstTokenMs, decodeTokensPerSecond }: LatencyEstimate): readonly string[] {
  const told = [
    timeToFirstTokenMs === null
      ? null
      : `Time to first token: ${formatMilliseconds(timeToFirstTokenMs)}.`,
    decodeTokensPerSecond === null
      ? null
      : `Then ${formatRate(decodeTokensPerSecond)} tokens a second.`,
  ].filter((each) => each !== null);
  return told.length === 0 ? [] : [told.join(' ')];
}

function breachLines(breaches: readonly Breach[]): readonly string[] {
  if (breaches.length === 0) return ['Every limit is kept.'];
  return breaches.map((breach) => {
    const told = `${limits[breach.limit].title}: ${breachText(breach)} (${factorText(breach)})`;
    return `${told}${heaviestText(breach)}.`;
  });
}
