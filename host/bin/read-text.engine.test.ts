/** The command reads the text in a picture by what was installed: nothing is fetched, and nothing is left behind. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packageRoot } from '../system/package-root.ts';
import { readingGraph, writeGraph } from './graphs.testing.ts';
import { buildPrograms, patchbay } from './patchbay-command.testing.ts';

const root = await mkdtemp(join(os.tmpdir(), 'patchbay-read-text-'));
const cache = join(root, 'cache');
const asked = join(root, 'asked.txt');
const noting = pathToFileURL(join(packageRoot, 'host', 'asked-network.testing.mjs'));
const signs = join(packageRoot, 'host', 'reading', 'signs.testing.png');

beforeAll(buildPrograms);
afterAll(() => rm(root, { recursive: true }));

test('a run that reads text asks the network for nothing, and writes nothing but what it keeps', async () => {
  const file = await writeGraph(root, 'reading', readingGraph());
  const { NODE_OPTIONS: options = '' } = process.env;
  const run = await patchbay(['run', file, '--image', signs, '--prompt', 'which platform?'], {
    cache,
    folder: root,
    environment: {
      NODE_OPTIONS: `${options} --import=${noting.href}`.trim(),
      ASKED_NETWORK_FILE: asked,
    },
  });
  expect(run.stderr).not.toMatch(/resolution|tesseract/i);
  expect(run.status).toBe(0);
  expect(run.stdout).toContain('OCR agent');
  const lines = (await readFile(asked, 'utf8')).trim().split('\n');
  // That of Tesseract; it says by itself that nothing of it goes unseen.
  expect(lines.filter((line) => line === 'watched thread')).toHaveLength(1);
  expect(lines.filter((line) => line.startsWith('asked'))).toEqual([]);
  const left = await readdir(root);
  expect(left.filter((name) => /traineddata/.test(name))).toEqual([]);
});
