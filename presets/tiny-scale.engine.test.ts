/** Every preset runs to its end in small, from its picture to an answer that comes token by token. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { GraphDocument } from '#engine/contract/document.ts';
import type { RunEvent } from '#engine/contract/run-event.ts';
import { tinyForm } from '#engine/tiny/tiny-form.ts';
import { presetIds, readPreset } from '#host/presets.ts';
import { executeRun } from '#host/runs/execute-run.ts';
import { CancelSwitch } from '#host/sessions/progress.ts';
import { presetsFolder } from '#host/system/package-root.ts';
import { catalogue } from '#nodes/index.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { Workbench } from '#verify/workbench.ts';
import { atPrecision } from '../bench/engine/at-precision.ts';

let bench: Workbench;
beforeAll(async () => {
  bench = valueOf(await Workbench.open());
});
afterAll(() => bench.close());

test.each(await presetIds())('%s', async (id) => {
  await expectAnswer(valueOf(tinyForm(valueOf(await readPreset(id)), catalogue)));
});

// Experts, a scan, tokens pruned in the middle, tokens let in as they come.
test.each(['moe-llava-phi2', 'vl-mamba', 'llava-1.5-7b-fastv', 'hrvda-7b'])(
  '%s in w8a8',
  async (id) => {
    const document = valueOf(tinyForm(valueOf(await readPreset(id)), catalogue));
    await expectAnswer(atPrecision(document, 'w8a8'));
  },
);

async function expectAnswer(document: GraphDocument): Promise<void> {
  const events: RunEvent[] = [];
  const emit = (event: RunEvent): void => void events.push(event);
  const request = { document, baseFolder: presetsFolder, runs: 1 };
  valueOf(await executeRun(request, bench.loader, emit, new CancelSwitch()));
  const tokens = events.filter(({ type }) => type === 'token');
  expect(tokens.length).toBeGreaterThan(0);
  expect(events.find(({ type }) => type === 'answer')).toBeDefined();
  // What counts operations knows what was moved for them.
  const counted = events.flatMap((event) =>
    event.type === 'stage-measured' && event.flops > 0 ? [event] : [],
  );
  for (const { stage, movedBytes } of counted) expect(movedBytes, stage).toBeGreaterThan(0);
}
