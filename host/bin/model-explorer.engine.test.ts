/** `patchbay run --model-explorer`: what each node of the exported files took. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { reportSchema } from '#engine/contract/report.ts';
import { buildPrograms, patchbay } from './patchbay-command.testing.ts';

const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-node-times-'));
const cache = join(folder, 'cache');

beforeAll(buildPrograms);
afterAll(() => rm(folder, { recursive: true }));

const dataSchema = z.record(
  z.string(),
  z.object({ results: z.record(z.string(), z.object({ value: z.number() })) }),
);

test('the nodes that are told of are those of the exported files, and nearly all of the time is theirs', async () => {
  const [times, json, models] = ['times.json', 'run.json', 'models'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  const options = ['--runs', '2', '--json', json, '--model-explorer', times];
  const ran = await patchbay(['run', 'shapes-llava', ...options], { cache });
  expect(ran).toMatchObject({ status: 0, stdout: '' });
  expect(ran.stderr).toMatch(
    /^[\d.]+\u2009% of the time went to operators that ONNX Runtime put in/,
  );
  expect(await patchbay(['export-onnx', 'shapes-llava', models], { cache })).toMatchObject({
    status: 0,
  });

  const data = dataSchema.parse(JSON.parse(await readFile(times, 'utf8')));
  expect(Object.keys(data).toSorted()).toEqual([
    'encoder',
    'language.decoder',
    'language.embed',
    'projector',
  ]);
  const { stages } = reportSchema.parse(JSON.parse(await readFile(json, 'utf8')));
  let toldMs = 0;
  let allMs = 0;
  for (const [graph, { results }] of Object.entries(data)) {
    const file = await readFile(join(models, `${graph}.onnx`), 'latin1');
    // A node's name stands in the file as its third field; what is unfolded has its outer node's before it.
    const own = Object.keys(results).filter(
      (key) => !/\/(then_branch|else_branch|body)\//.test(key),
    );
    for (const key of own)
      expect(file).toContain(`\u001a${String.fromCharCode(key.length)}${key}\u0022`);
    const sumMs = own.reduce((sum, key) => sum + (results[key]?.value ?? 0), 0);
    const [node, phase] = graph.split('.');
    const rows = stages.filter((row) =>
      phase === undefined
        ? row.id === node
        : row.node === node && (row.phase === 'embed') === (phase === 'embed'),
    );
    const measured = rows.filter((row) => row.phase !== 'tokenise');
    const rowsMs = measured.reduce((sum, { latencyMs }) => sum + latencyMs.median, 0);
    expect(sumMs).toBeLessThan(rowsMs * 1.001);
    toldMs += sumMs;
    allMs += rowsMs;
  }
  // What ONNX Runtime puts in besides has no node.
  expect(toldMs).toBeGreaterThan(0.8 * allMs);
});
