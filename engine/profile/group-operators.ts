/** Operators of one row put together: by what they do, or by where they are. Pure. */
import type { Operator } from '../contract/operators.ts';

export interface OperatorGroup {
  readonly title: string;
  readonly calls: number;
  /** Of the time that all operators of the row took. */
  readonly share: number;
  /** That share of the row's own latency, which was taken without the profiler. */
  readonly latencyMs: number;
  /** Given and made by all calls. */
  readonly bytes: number;
}

export const groupings = {
  kind: ({ kind }: Operator): string => kind,
  /** The outermost part, such as "layers.0". */
  layer: ({ part }: Operator): string => part.split('/')[0] || 'outside of parts',
  operator: ({ name }: Operator): string => name,
} as const;
export type Grouping = keyof typeof groupings;

/** The costliest first. `latencyMs` is the row's, of one pass. */
export function groupOperators(
  operators: readonly Operator[],
  by: Grouping,
  latencyMs: number,
): readonly OperatorGroup[] {
  const all = operators.reduce((sum, { profiledMs }) => sum + profiledMs, 0);
  const groups = new Map<string, readonly Operator[]>();
  for (const operator of operators) {
    const title = groupings[by](operator);
    groups.set(title, [...(groups.get(title) ?? []), operator]);
  }
  return [...groups]
    .map(([title, own]) => {
      const share = all > 0 ? own.reduce((sum, { profiledMs }) => sum + profiledMs, 0) / all : 0;
      return {
        title,
        calls: own.reduce((sum, { calls }) => sum + calls, 0),
        share,
        latencyMs: share * latencyMs,
        bytes: own.reduce((sum, { calls, bytesPerCall }) => sum + calls * bytesPerCall, 0),
      };
    })
    .toSorted((a, b) => b.share - a.share);
}
