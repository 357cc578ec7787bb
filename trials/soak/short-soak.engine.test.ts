/** The short form of `npm run soak`: memory needs a thousand runs to be judged, files left open do not. */
import { beforeAll, expect, test } from 'vitest';
import { buildPrograms } from '#host/bin/patchbay-command.testing.ts';
import { endure } from './endure.ts';

beforeAll(buildPrograms);

test.skipIf(process.platform !== 'linux')(
  'a server answers again and again, also after cancels at random moments, and leaves nothing open or behind',
  async () => {
    const { samples, cancelled } = await endure({
      runs: 20,
      cancels: 12,
      seed: 3,
      tell: () => undefined,
    });
    expect(cancelled.filter(({ end }) => end === 'run-cancelled').length).toBeGreaterThan(6);
    const engineFiles = samples.map(({ engine }) => engine.openFiles);
    expect(engineFiles.at(-1)).toBe(engineFiles[1]);
    const serverFiles = samples.map(({ server }) => server.openFiles);
    expect(serverFiles.at(-1)).toBeLessThanOrEqual(Math.max(...serverFiles.slice(0, 5)));
  },
);
