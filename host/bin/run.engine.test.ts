/** `patchbay run` as a user meets it: what it prints, what it measures, where it looks for files. */
import { execFile } from 'node:child_process';
import { copyFile, lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reportSchema, type Report, type StageReport } from '#engine/contract/report.ts';
import type { GraphEstimate } from '#engine/estimate/estimate.ts';
import { presetsFolder } from '../system/package-root.ts';
import { readPreset } from '../presets.ts';
import {
  decoderGraph,
  llavaGraph,
  mambaGraph,
  twoModelsGraph,
  withParams,
  writeGraph,
} from './graphs.testing.ts';
import { buildPrograms, patchbay, type Surroundings } from './patchbay-command.testing.ts';

const circle = join(presetsFolder, 'samples', 'shapes-circle.png');
const question = 'what colour is the circle?';
const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-run-'));
const cache = join(folder, 'cache');

beforeAll(buildPrograms);
afterAll(() => rm(folder, { recursive: true }));

const run = (args: readonly string[], surroundings: Partial<Surroundings> = {}) =>
  patchbay(['run', ...args], { cache, ...surroundings });

async function report(args: readonly string[], surroundings: Partial<Surroundings> = {}) {
  // Steady figures take two seconds a run.
  const passes = args.includes('--runs') ? [] : ['--runs', '1'];
  const { status, stdout, stderr } = await run([...args, ...passes, '--json'], surroundings);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout.trim().split('\n')).toHaveLength(1);
  return reportSchema.parse(JSON.parse(stdout));
}

const stageOf = ({ stages }: Report, id: string): StageReport =>
  stages.find((stage) => stage.id === id) as StageReport;

describe('the shapes preset', () => {
  test('answers, with a table of its stages', async () => {
    const ran = await run(['shapes-llava', '--image', circle, '--prompt', question]);
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    const lines = ran.stdout.trimEnd().split('\n');
    expect(lines.slice(-2)).toEqual(['Answer', 'red']);
    const table = lines.slice(3, 14).map((line) => line.split(/ {2,}/)[0]);
    expect(table).toEqual([
      'stage',
      'Image',
      'Prompt',
      'Preprocess',
      'CLIP ViT',
      'MLP projector',
      'Language model · tokenise',
      'Language model · embed',
      'Language model · prefill',
      'Language model · decode',
      'Answer',
    ]);
    expect(lines[3]).toMatch(/peak +KV cache +tokens +share$/);
    // Nobody said how often, so as often as it takes.
    const [, passes] = /median of (\d+) +spread/.exec(lines[3] ?? '') ?? [];
    expect(Number(passes)).toBeGreaterThan(1);
    expect(lines[7]).toMatch(/CLIP ViT.*\sms +±\d+\.\d%/);
    expect(ran.stdout).toMatch(
      /wall clock .* first token after .* prefill .* decode .* peak memory/,
    );
  });

  test('measures every figure of its report', async () => {
    const asked = ['--image', circle, '--prompt', question, '--runs', '4'];
    const measured = await report(['shapes-llava', ...asked]);
    const { stages, totals, answer, machine, problems } = measured;
    expect(answer?.text).toBe('red');
    expect(problems).toEqual([]);
    expect(machine?.memoryBytes).toBeLessThanOrEqual(os.totalmem());

    expect(stages.filter(({ latencyMs }) => !(latencyMs.median > 0))).toEqual([]);
    const withWeights = stages.filter(({ weights }) => weights !== null);
    expect(withWeights.map(({ id }) => id)).toEqual([
      'encoder',
      'projector',
      'language/embed',
      'language/prefill',
      'language/decode',
    ]);
    for (const { memory, flops, id } of withWeights) {
      expect(memory.peakBytes, id).toBeGreaterThan(0);
      // Looking up rows of a table is no arithmetic.
      expect(flops > 0, id).toBe(id !== 'language/embed');
      expect(memory.kvBytes > 0, id).toBe(id === 'language/prefill' || id === 'language/decode');
      expect(memory.stateBytes, id).toBe(memory.kvBytes);
    }
    const tokens = stages.map(({ id, tokensIn, tokensOut }) => [id, tokensIn, tokensOut]);
    const text = stageOf(measured, 'language/tokenise').tokensOut as number;
    expect(text).toBeGreaterThan(5);
    expect(tokens.slice(3, 9)).toEqual([
      ['encoder', null, 144],
      ['projector', 144, 144],
      ['language/tokenise', null, text],
      ['language/embed', text, text + 144],
      ['language/prefill', text + 144, text + 144],
      ['language/decode', null, answer?.tokenIds.length],
    ]);

    const { wallMs, stagesMs, timeToFirstTokenMs } = totals;
    expect(stagesMs).toBeGreaterThan(0);
    expect(stagesMs).toBeLessThanOrEqual(wallMs);
    expect(timeToFirstTokenMs).toBeGreaterThan(0);
    expect(timeToFirstTokenMs).toBeLessThan(wallMs);
    expect(totals.prefillTokensPerSecond).toBeGreaterThan(0);
    expect(totals.decodeTokensPerSecond).toBeGreaterThan(0);
    expect(totals.peakBytes).toBeGreaterThan(stageOf(measured, 'encoder').memory.peakBytes);
  });

  test('has the weights that its estimate foretells', async () => {
    const { stages } = await report(['shapes-llava']);
    const { stdout } = await patchbay(['estimate', 'shapes-llava', '--json'], { cache });
    const estimate = JSON.parse(stdout) as GraphEstimate;
    for (const { node, weightBytes } of estimate.stages) {
      // Prefill and decode are the same model.
      const rows = stages.filter((stage) => stage.node === node && stage.phase !== 'decode');
      const measured = rows.reduce((sum, { memory }) => sum + memory.weightsBytes, 0);
      expect([node, measured]).toEqual([node, weightBytes]);
    }
  });

  test('is told apart from a slow pass by more runs', async () => {
    const { stages, totals } = await report(['shapes-llava', '--runs', '5']);
    expect(stages.every(({ latencyMs }) => latencyMs.runs === 5)).toBe(true);
    const outside = stages.filter(
      ({ latencyMs: { median, interval } }) =>
        !(interval && interval.from <= median && median <= interval.to),
    );
    expect(outside).toEqual([]);
    expect(totals.stagesMs).toBeLessThanOrEqual(totals.wallMs);
  });

  test('writes no more tokens than it may', async () => {
    const measured = await report(['shapes-llava', '--max-new-tokens', '1']);
    expect(measured.answer?.tokenIds).toHaveLength(1);
    expect(stageOf(measured, 'language/decode').tokensOut).toBe(1);
    expect(measured.totals.decodeTokensPerSecond).toBeNull();
  });
});

describe('a report in a file', () => {
  test('is whole, and nothing else is written', async () => {
    const place = await mkdtemp(join(folder, 'report-'));
    const out = join(place, 'report.json');
    const ran = await run(['shapes-llava', '--json', out, '--prompt', question]);
    expect(ran).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect(reportSchema.parse(JSON.parse(await readFile(out, 'utf8'))).answer?.text).toBe('red');
    expect(await readdir(place)).toEqual(['report.json']);
  });

  test('may be named before the graph, replaces an older one and never a graph', async () => {
    const place = await mkdtemp(join(folder, 'report-'));
    const graph = await writeGraph(place, 'graph', decoderGraph());
    const out = join(place, 'report.json');
    await copyFile(graph, out);
    expect(await run(['--json', out, graph])).toMatchObject({ status: 0, stdout: '' });
    expect(reportSchema.parse(JSON.parse(await readFile(out, 'utf8'))).problems).toEqual([]);

    const before = await readFile(graph, 'utf8');
    const refused = await run(['shapes-llava', '--json', graph]);
    expect(refused).toMatchObject({ status: 2, stdout: '' });
    expect(refused.stderr).toBe(
      `patchbay: "${graph}" is the name of a graph; give the report another one.\n`,
    );
    expect(await run([graph, '--json', graph])).toMatchObject({ status: 2 });
    expect(await readFile(graph, 'utf8')).toBe(before);
  });

  test('may go into a pipe, which stays one', async () => {
    const place = await mkdtemp(join(folder, 'report-'));
    const pipe = join(place, 'pipe');
    await promisify(execFile)('mkfifo', [pipe]);
    const graph = await writeGraph(place, 'graph', decoderGraph());
    const [text, ran] = await Promise.all([readFile(pipe, 'utf8'), run([graph, '--json', pipe])]);
    expect(ran).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect(reportSchema.parse(JSON.parse(text)).answer?.tokenIds).toHaveLength(6);
    expect((await lstat(pipe)).isFIFO()).toBe(true);
  });

  test('behind a link is written where the link leads', async () => {
    const place = await mkdtemp(join(folder, 'report-'));
    const graph = await writeGraph(place, 'graph', decoderGraph());
    await mkdir(join(place, 'far'));
    await copyFile(graph, join(place, 'far', 'report.json'));
    await symlink(join('far', 'report.json'), join(place, 'link.json'));
    expect(await run([graph, '--json', join(place, 'link.json')])).toMatchObject({ status: 0 });
    const written: unknown = JSON.parse(await readFile(join(place, 'far', 'report.json'), 'utf8'));
    expect(reportSchema.parse(written).answer).not.toBeNull();
    expect((await lstat(join(place, 'link.json'))).isSymbolicLink()).toBe(true);
  });
});

test('a Mamba carries as much after 2000 tokens as after 500, and no keys and values', async () => {
  const graph = await writeGraph(folder, 'mamba', mambaGraph());
  for (const words of [500, 2000]) {
    const measured = await report([graph, '--prompt', 'word '.repeat(words)]);
    const [prefill, decode] = ['language/prefill', 'language/decode'].map((id) =>
      stageOf(measured, id),
    );
    expect(prefill?.tokensIn).toBeGreaterThanOrEqual(words);
    expect([prefill?.memory, decode?.memory]).toMatchObject(
      Array.from({ length: 2 }, () => ({ stateBytes: 4 * 2 * 64 * (8 + 3), kvBytes: 0 })),
    );
  }
  expect((await run([graph])).stdout).toMatch(/peak +state +tokens +share$/m);
});

test('a seed decides random weights: the same one repeats the answer, another one changes it', async () => {
  const graph = await writeGraph(folder, 'seeded', llavaGraph());
  const answers = [];
  for (const seed of ['1', '1', '2']) answers.push((await report([graph, '--seed', seed])).answer);
  expect(answers[0]?.tokenIds).toHaveLength(6);
  expect(answers[1]).toEqual(answers[0]);
  expect(answers[2]).not.toEqual(answers[0]);
  const { stdout } = await run([graph]);
  expect(stdout).toContain('(Random weights: timing is real, these words mean nothing.)');
});

test('two language models answer under their own names, each with its own speeds', async () => {
  const graph = await writeGraph(folder, 'two-models', twoModelsGraph(question));
  const { stdout } = await run([graph]);
  const [page, ...answers] = stdout.split(/\n\nAnswer of /);
  expect(page).toContain('Language model (tiny) · prefill');
  expect(page).not.toContain('first token after');
  const speeds = /^first token after .* · prefill .* tokens\/s · decode .* tokens\/s$/m;
  const random = '(Random weights: timing is real, these words mean nothing.)';
  expect(answers).toHaveLength(2);
  for (const answer of answers) {
    expect(answer).toMatch(speeds);
    expect(answer.includes(random)).toBe(answer.startsWith('Language model (tiny)\n'));
  }
});

test('commands that build the same at the same time all come to their end', async () => {
  const own = join(folder, 'shared-cache');
  const graph = await writeGraph(folder, 'shared', llavaGraph());
  const ran = await Promise.all([1, 2, 3].map(() => report([graph], { cache: own })));
  expect(new Set(ran.map(({ answer }) => answer?.text)).size).toBe(1);
  const stages = await readdir(join(own, 'stages'));
  expect(stages.filter((name) => name.startsWith('building-'))).toEqual([]);
});

describe('a graph', () => {
  test('may come from standard input', async () => {
    const input = `\uFEFF${JSON.stringify(decoderGraph())}`;
    expect((await report(['-'], { input })).answer?.tokenIds).toHaveLength(6);
  });

  test('names its files from its own folder, standard input from the present one', async () => {
    const place = await mkdtemp(join(folder, 'project-'));
    await copyFile(circle, join(place, 'round.png'));
    await mkdir(join(place, 'models'));
    await symlink(
      join(presetsFolder, 'checkpoints', 'shapes-llava'),
      join(place, 'models', 'shapes'),
    );
    const preset = await readPreset('shapes-llava');
    if (!preset.ok) throw new Error(preset.problems[0]?.message);
    const weights = { kind: 'checkpoint', folder: 'models/shapes' };
    const document = ['encoder', 'projector', 'language'].reduce(
      (graph, id) => withParams(graph, id, { weights }),
      withParams(preset.value, 'image', { source: { kind: 'file', path: 'round.png' } }),
    );
    await writeGraph(place, 'graph', document);

    const byPath = await report([join(place, 'graph.patchbay.json')], { folder: os.tmpdir() });
    expect(byPath.answer?.text).toBe('red');
    const input = JSON.stringify(document);
    expect((await report(['-'], { input, folder: place })).answer?.text).toBe('red');
    const elsewhere = await run(['-'], { input, folder });
    expect(elsewhere.status).toBe(1);
    expect(elsewhere.stderr).toMatch(/^error: image: There is no file "round.png" at this place/);
  });

  test('takes a picture named on the command line from the present folder', async () => {
    const { answer } = await report(['shapes-llava', '--image', 'shapes-circle.png'], {
      folder: join(presetsFolder, 'samples'),
    });
    expect(answer?.text).toBe('red');
  });
});
