/** How the timed passes came about, and what disturbed them, in sentences that say what to do. Pure. */
import { formatBytes } from '../contract/format.ts';
import type { Report } from '../contract/report.ts';
import type { Noise } from '../contract/run-event.ts';

const inTurn =
  'There was no room to hold all stages at once, so each was loaded when its turn came; no time has the loading in it.';

/** Of a run that was disturbed by nothing and had room for all of its stages there is none. */
export const passSentences = ({
  holding,
  noise,
}: Pick<Report, 'holding' | 'noise'>): readonly string[] => [
  ...(holding === 'in-turn' ? [inTurn] : []),
  ...noiseSentences(noise),
];

/** Less is what a machine always does. */
const muchOfProcessors = 0.15;
const muchSwappedBytes = 2 ** 20;
const slowestClock = 0.85;

export function noiseSentences(noise: Noise | null): readonly string[] {
  if (!noise) return [];
  const { othersShare, swappedBytes, clockMHz } = noise;
  const sentences: string[] = [];
  if (othersShare !== null && othersShare > muchOfProcessors)
    sentences.push(
      `Other programs took ${Math.round(100 * othersShare)}% of the processors while this was timed; for figures to build on, close them and run again.`,
    );
  if (swappedBytes !== null && swappedBytes > muchSwappedBytes)
    sentences.push(
      `${formatBytes(swappedBytes)} went between memory and disk while this was timed, as memory was short; free some, or take fewer bits a weight.`,
    );
  if (clockMHz !== null && clockMHz.lowest < slowestClock * clockMHz.highest)
    sentences.push(
      `The processor's clock went between ${gigahertz(clockMHz.lowest)} and ${gigahertz(clockMHz.highest)} while this was timed; let it cool, plug the charger in, and run again.`,
    );
  return sentences;
}

const gigahertz = (mhz: number): string => `${(mhz / 1000).toFixed(1)} GHz`;
