/** The bars of a showing of experts, and what they say in words. Pure. */
import type { ExpertLoads } from '#engine/contract/showing.ts';

export interface LayerLoad {
  readonly layer: number;
  readonly bars: readonly LoadBar[];
  /** Where all bars would end if every expert had been sent as many, from 0 to 1. */
  readonly evenShare: number;
  readonly words: string;
}

interface LoadBar {
  /** From 0 to 1; all layers share one scale. */
  readonly height: number;
  /** "expert 3: 41 tokens" */
  readonly title: string;
}

export function layerLoads(loads: ExpertLoads): readonly LayerLoad[] {
  const most = Math.max(1, ...loads.flatMap(({ ofExperts }) => ofExperts));
  return loads.map(({ layer, ofExperts }) => ({
    layer,
    bars: ofExperts.map((count, expert) => ({
      height: count / most,
      title: `expert ${expert}: ${tokens(count)}`,
    })),
    evenShare: sumOf(ofExperts) / ofExperts.length / most,
    words: `layer ${layer}: ${ofExperts.join(', ')} tokens to experts 0 to ${ofExperts.length - 1}`,
  }));
}

/** "4 experts in each of 12 layers, the busiest with 41 % of what its layer sends, 2 of 48 without a token" */
export function loadWords(loads: ExpertLoads): string {
  const counts = loads.map(({ ofExperts }) => ofExperts);
  const experts = Math.max(0, ...counts.map(({ length }) => length));
  const shares = counts.flatMap((layer) => layer.map((count) => count / Math.max(1, sumOf(layer))));
  const idle = shares.filter((share) => share === 0).length;
  const layers = loads.length === 1 ? '1 layer' : `each of ${loads.length} layers`;
  const busiest = Math.round(100 * Math.max(0, ...shares));
  return [
    `${experts} experts in ${layers}`,
    `the busiest with ${busiest} % of what its layer sends`,
    ...(idle > 0 ? [`${idle} of ${shares.length} without a token`] : []),
  ].join(', ');
}

const sumOf = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);
const tokens = (count: number): string => (count === 1 ? '1 token' : `${count} tokens`);
