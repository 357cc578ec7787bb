/** `patchbay run --html`: a run as one page. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { reportSchema } from '#engine/contract/report.ts';
import { openTags, rowsOf, wordsOf } from '#engine/profile/html/read-page.testing.ts';
import { formatMilliseconds } from '#engine/contract/format.ts';
import { decoderGraph, writeGraph } from './graphs.testing.ts';
import { buildPrograms, patchbay } from './patchbay-command.testing.ts';

const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-html-'));
const cache = join(folder, 'cache');
const run = (...args: readonly string[]) => patchbay(['run', ...args], { cache });

beforeAll(buildPrograms);
afterAll(() => rm(folder, { recursive: true }));

test('a run is written as one page, with the figures that it measured', async () => {
  const place = await mkdtemp(join(folder, 'page-'));
  const [html, json] = [join(place, 'run.html'), join(place, 'run.json')];
  const options = ['--runs', '3', '--operators', 'kind', '--json', json, '--html', html];
  const ran = await run('shapes-llava', '--prompt', 'is there a circle?', ...options);
  expect(ran).toMatchObject({ status: 0, stdout: '', stderr: '' });
  expect((await readdir(place)).toSorted()).toEqual(['run.html', 'run.json']);

  const report = reportSchema.parse(JSON.parse(await readFile(json, 'utf8')));
  const page = await readFile(html, 'utf8');
  expect(openTags(page).map(({ name }) => name)).not.toContain('script');
  expect(wordsOf(page)).toContain(report.answer?.text);
  const rows = rowsOf(page, 'Stages in the order in which they run');
  expect(rows.map(([title]) => title)).toEqual([
    ...report.stages.map(({ title, phase }) => (phase === null ? title : `${title} · ${phase}`)),
    'Whole pass',
  ]);
  for (const [row, { latencyMs }] of report.stages.entries()) {
    const shown = formatMilliseconds(latencyMs.median).replaceAll(/\s/g, ' ');
    expect(rows[row]?.[2]?.startsWith(shown)).toBe(true);
  }
  const encoder = report.stages.find(({ id }) => id === 'encoder');
  const caption = `CLIP ViT, ${formatMilliseconds(encoder?.latencyMs.median ?? 0)}`;
  const profiled = report.operators.find(({ stage }) => stage === 'encoder')?.operators ?? [];
  const kinds = rowsOf(page, caption.replaceAll(/\s/g, ' ')).map(([kind]) => kind);
  expect(kinds.length).toBeGreaterThan(3);
  expect(new Set(kinds)).toEqual(new Set(profiled.map(({ kind }) => kind)));
  const cards = openTags(page).filter(
    ({ name, attributes }) => name === 'svg' && attributes['width'] === '208',
  );
  expect(cards).toHaveLength(7);
  // Of the prompt that was given, not of the one in the preset.
  expect(wordsOf(page)).toContain('is there a circle?');
});

test('a graph that cannot run leaves a page that says why', async () => {
  const place = await mkdtemp(join(folder, 'page-'));
  const graph = await writeGraph(place, 'graph', decoderGraph({ layerCount: 0 }));
  const html = join(place, 'run.html');
  const ran = await run(graph, '--html', html);
  expect(ran.status).toBe(1);
  const sentence = 'Layers must be a whole number from 1 to 512, not 0.';
  expect(ran.stderr).toContain(sentence);
  expect(wordsOf(await readFile(html, 'utf8'))).toContain(`Language model: ${sentence}`);
});

test('a page never takes the place of a graph, goes with one prompt, and where it cannot be written nothing runs', async () => {
  const place = await mkdtemp(join(folder, 'page-'));
  const graph = await writeGraph(place, 'graph', decoderGraph());
  expect(await run(graph, '--html', graph)).toMatchObject({
    status: 2,
    stderr: `patchbay: "${graph}" is the name of a graph; give the report another one.\n`,
  });
  const html = join(place, 'run.html');
  expect(await run(graph, '--prompt', 'a', '--prompt', 'b', '--html', html)).toMatchObject({
    status: 2,
    stderr: 'patchbay: --html tells of one run, so it goes with one --prompt; run them apart.\n',
  });
  const nowhere = join(place, 'no', 'folder.html');
  expect(await run(graph, '--html', nowhere)).toMatchObject({
    status: 1,
    stdout: '',
    stderr: `error: ${nowhere} cannot be written: there is no such folder; choose another place. [file-unwritable]\n`,
  });
  expect(await readdir(place)).toEqual(['graph.patchbay.json']);
});
