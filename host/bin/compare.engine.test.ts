/** Two graphs run in turn from the command line, and what differs between them. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { reportSchema } from '#engine/contract/report.ts';
import { decoderGraph, writeGraph } from './graphs.testing.ts';
import { buildPrograms, patchbay } from './patchbay-command.testing.ts';

const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-compare-'));
const cache = join(folder, 'cache');

beforeAll(buildPrograms);
afterAll(() => rm(folder, { recursive: true }));

const compare = (...args: readonly string[]) => patchbay(['compare', ...args], { cache });

test('passes of all rounds are one report a side, and what differs is said, B against A', async () => {
  const short = await writeGraph(folder, 'short', { ...decoderGraph(), title: 'Short' });
  const text = 'Say something, and then say it again, and once more.';
  const long = await writeGraph(folder, 'long', { ...decoderGraph({}, text), title: 'Long' });
  const told = await compare(short, long, '--rounds', '2', '--runs', '3', '--json');
  expect({ status: told.status, stderr: told.stderr }).toEqual({ status: 0, stderr: '' });
  const found = JSON.parse(told.stdout) as { a: unknown; b: unknown; differences: unknown };
  const [a, b] = [reportSchema.parse(found.a), reportSchema.parse(found.b)];
  expect([a.graph, b.graph]).toEqual(['Short', 'Long']);
  for (const { stages } of [a, b])
    expect(stages.map(({ latencyMs }) => latencyMs.runs)).toEqual(stages.map(() => 6));
  expect(JSON.stringify(found.differences)).toMatch(/B prefills .* tokens/);

  const { stdout } = await compare(short, short, '--rounds', '1', '--runs', '1');
  expect(stdout).toMatch(/^A is Short, B is Short; one round in turn\.\n\nstage +A +peak A +B /);
  expect(stdout).toContain('Each was timed once');
});

test('a graph that cannot run is named, and nothing is printed of the other', async () => {
  const good = await writeGraph(folder, 'good', decoderGraph());
  const bad = await writeGraph(folder, 'bad', decoderGraph({ layerCount: 0 }));
  const { status, stdout, stderr } = await compare(good, bad, '--runs', '1');
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toContain('[param-invalid]');

  const missing = await compare(good, 'shapes-lava');
  expect(missing.status).toBe(1);
  expect(missing.stderr).toContain('shapes-llava');
});
