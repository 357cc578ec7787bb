/** What a tower of SAM's has beside the figures of any vision transformer. */
import { size } from '#engine/node/architecture-params.ts';

export const samParams = {
  windowSize: size('Window', 'Patches along a side of the windows that layers look at.', 14, 64),
  globalEvery: size('Whole picture in every', 'Every so many-th layer looks at all.', 3, 512),
  outputSize: size('Output width', 'Channels behind the neck.', 256, 65_536),
} as const;
