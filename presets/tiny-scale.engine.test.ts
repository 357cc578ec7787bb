/** Every preset runs to its end in small, from its picture to an answer that comes token by token. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunEvent } from '#engine/contract/run-event.ts';
import { tinyForm } from '#engine/tiny/tiny-form.ts';
import { StageCache } from '#host/cache/stage-cache.ts';
import { presetIds, readPreset } from '#host/presets.ts';
import { executeRun } from '#host/runs/execute-run.ts';
import { ModelLoader } from '#host/sessions/load-model.ts';
import { CancelSwitch } from '#host/sessions/progress.ts';
import { presetsFolder } from '#host/system/package-root.ts';
import { catalogue } from '#nodes/index.ts';
import { valueOf } from '#verify/value-of.testing.ts';

const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-tiny-'));
let loader: ModelLoader;
beforeAll(async () => {
  loader = new ModelLoader(valueOf(await StageCache.open(folder)));
});
afterAll(async () => {
  await loader.keepOnly(new Set());
  await rm(folder, { recursive: true });
});

test.each(await presetIds())('%s', async (id) => {
  const document = valueOf(tinyForm(valueOf(await readPreset(id)), catalogue));
  const events: RunEvent[] = [];
  const emit = (event: RunEvent): void => void events.push(event);
  const request = { document, baseFolder: presetsFolder, runs: 1 };
  valueOf(await executeRun(request, loader, emit, new CancelSwitch()));
  const tokens = events.filter(({ type }) => type === 'token');
  expect(tokens.length).toBeGreaterThan(0);
  expect(events.find(({ type }) => type === 'answer')).toBeDefined();
});
