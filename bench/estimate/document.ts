/** The section of docs/performance.md that holds estimates against measurements. */
import { formatBytes, formatMilliseconds } from '#engine/contract/format.ts';
import { markdownTable } from '../pages/markdown-table.ts';
import { performanceSection } from '../pages/performance.ts';
import { metText, percent } from '../performance/figure.ts';
import { medianError, stageKinds, type Comparison, type StageKind } from './validate.ts';

/** At most, of the median of absolute errors. */
const targets = { latency: 0.2, memory: 0.1 } as const;

const signed = (share: number): string => `${share < 0 ? '−' : '+'}${percent(Math.abs(share))}`;

export function summaryTable({ stages, memory }: Comparison): string {
  const rows = (Object.keys(stageKinds) as readonly StageKind[]).flatMap((kind) => {
    const own = stages.filter((stage) => stage.kind === kind);
    return own.length === 0
      ? []
      : [summaryRow(stageKinds[kind], latencyPairs(own), targets.latency)];
  });
  return markdownTable(
    ['what', 'stages', 'median error', 'target', 'met'],
    [
      ...rows,
      summaryRow('all latencies', latencyPairs(stages), targets.latency),
      summaryRow(
        'peak memory',
        memory.map(({ estimatedBytes: estimated, measuredBytes: measured }) => ({
          estimated,
          measured,
        })),
        targets.memory,
      ),
    ],
    ['met'],
  );
}

const latencyPairs = (stages: Comparison['stages']) =>
  stages.map(({ estimatedMs: estimated, measuredMs: measured }) => ({ estimated, measured }));

function summaryRow(
  title: string,
  pairs: Parameters<typeof medianError>[0],
  target: number,
): readonly string[] {
  const error = medianError(pairs);
  return [
    title,
    String(pairs.length),
    percent(error),
    `${100 * target}%`,
    metText(error <= target),
  ];
}

export function stageTable({ stages, memory }: Comparison): string {
  const rows = stages.map(({ preset, stage, estimatedMs, measuredMs }) => {
    const peak = memory.find((each) => each.preset === preset && each.stage === stage);
    return [
      preset,
      stage,
      formatMilliseconds(estimatedMs),
      formatMilliseconds(measuredMs),
      signed(estimatedMs / measuredMs - 1),
      peak ? formatBytes(peak.estimatedBytes) : '–',
      peak ? formatBytes(peak.measuredBytes) : '–',
      peak ? signed(peak.estimatedBytes / peak.measuredBytes - 1) : '–',
    ];
  });
  return markdownTable(
    ['preset', 'stage', 'estimated', 'measured', 'error', 'peak estimated', 'measured', 'error'],
    rows,
    ['stage'],
  );
}

export const estimateSection = (comparison: Comparison, command: string): string =>
  performanceSection('estimate', command, summaryTable(comparison), stageTable(comparison));

/** Which operators make the estimate of a stage miss, by parts of its measured time. */
export function missesTable({ stages }: Comparison): string {
  const rows = stages.map(({ preset, stage, misses }) => [
    preset,
    stage,
    misses
      .slice(0, 6)
      .map(
        ({ operators, estimated, measured }) =>
          `${operators} ${percent(estimated)} for ${percent(measured)}`,
      )
      .join(', '),
  ]);
  return markdownTable(['preset', 'stage', 'farthest off'], rows, ['stage', 'farthest off']);
}
