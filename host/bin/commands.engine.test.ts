/** What the other commands of `patchbay` print, and what a mistake in a command line is answered with. */
import {
  copyFile,
  cp,
  mkdtemp,
  readdir,
  readFile,
  rm,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { once } from 'node:events';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { calibrationSchema } from '#engine/contract/calibration.ts';
import { cacheStatusSchema } from '#engine/contract/cache-status.ts';
import { caseResultSchema } from '#verify/cases/case-result.ts';
import { presetSummarySchema } from '#engine/contract/preset-summary.ts';
import { problemSchema } from '#engine/contract/problem.ts';
import type { GraphEstimate } from '#engine/estimate/estimate.ts';
import { catalogue } from '#nodes/index.ts';
import { packageRoot } from '../system/package-root.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { decoderGraph, withParams, writeGraph } from './graphs.testing.ts';
import { buildPrograms, finished, patchbay, startPatchbay } from './patchbay-command.testing.ts';

const projectors = join(packageRoot, 'verify', 'recorded', 'projector');
const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-commands-'));
const cache = join(folder, 'cache');

beforeAll(buildPrograms);
afterAll(() => rm(folder, { recursive: true }));

const command = (...args: readonly string[]) => patchbay(args, { cache });

async function json(...args: readonly string[]): Promise<Record<string, unknown>> {
  const { status, stdout, stderr } = await command(...args, '--json');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout) as Record<string, unknown>;
}

describe('help', () => {
  test('lists the commands, and each command explains itself', async () => {
    const { status, stdout } = await command('--help');
    expect(status).toBe(0);
    for (const name of [
      'presets',
      'nodes',
      'check',
      'estimate',
      'run',
      'compare',
      'verify',
      'calibrate',
      'cache',
    ]) {
      expect(stdout).toContain(`\n  patchbay ${name} `);
      const one = await command(name, '--help');
      expect(one.status).toBe(0);
      expect(one.stdout).toMatch(new RegExp(`^Usage: patchbay ${name} .*\\n[A-Z].*\\.\\n$`));
    }
  });

  test('is what a command line without a command is answered with', async () => {
    const { status, stdout, stderr } = await command();
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toBe((await command('help')).stdout);
  });
});

test.for([
  [['rnu'], 'There is no command "rnu"; see patchbay --help.'],
  [['run'], 'An operand is missing. Usage: patchbay run FILE'],
  [['run', 'a', 'b'], '"b" is one operand too many; a report goes to --json OUT.'],
  [['run', 'a', 'b', '--json'], '"b" is one operand too many; a report goes to --json OUT.'],
  [['run', 'a', '--json', 'b', 'c'], '"c" is one operand too many. Usage: patchbay run FILE'],
  [['compare', 'a'], 'An operand is missing. Usage: patchbay compare FILE'],
  [
    ['compare', 'a', 'b', '--rounds', '0'],
    '--rounds takes a whole number from 1 to 1000, not "0".',
  ],
  [['run', 'a', '--priority', 'low'], '--priority is one of normal, high, not "low".'],
  [['run', 'a', '--frob'], 'There is no option --frob. Usage: patchbay run FILE'],
  [['run', 'a', '-x'], 'There is no option -x. Usage: patchbay run FILE'],
  [['run', 'a', '--runs', '0'], '--runs takes a whole number from 1 to 1000, not "0".'],
  [['run', 'a', '--runs', 'x'], '--runs takes a whole number from 1 to 1000, not "x".'],
  [['run', 'a', '--runs', ''], '--runs takes a whole number from 1 to 1000, not "".'],
  [['run', 'a', '--seed=-1'], '--seed takes a whole number from 0 to 4294967295, not "-1".'],
  [['run', 'a', '--prompt'], '--prompt needs a value. Usage: patchbay run FILE'],
  [
    ['run', 'a', '--prompt', '-x'],
    '--prompt is followed by "-x"; where that is its value, write --prompt=-x. Usage: patchbay',
  ],
  [['run', 'a', '--json=b'], '--json takes no value after "=". Usage: patchbay run FILE'],
  [['run', 'a', '--reuse'], '--reuse goes on from the run before, so it needs several --prompt.'],
  [
    ['run', 'a', '--reuse', '--runs', '3', '--prompt', 'b', '--prompt', 'c'],
    '--reuse times every run once, so it goes without --runs.',
  ],
  [['run', 'a', '--image', ''], '--image needs the name of a picture file.'],
  [['presets', 'a'], '"a" is one operand too many. Usage: patchbay presets [--json]'],
  [['check'], 'An operand is missing. Usage: patchbay check FILE'],
  [['estimate', 'a', 'b'], '"b" is one operand too many. Usage: patchbay estimate FILE'],
  [['calibrate', '--seconds', '61'], '--seconds takes a whole number from 1 to 60, not "61".'],
  [['calibrate', '--others', 'all'], '--others takes a whole number from 0 to 100, not "all".'],
  [['cache', 'empty'], '"empty" is no action. Usage: patchbay cache [clear] [--json]'],
  [['verify'], 'An operand is missing. Usage: patchbay verify FOLDER'],
] as const)('patchbay %j says what is wrong with it', async ([args, sentence]) => {
  const { status, stdout, stderr } = await command(...args);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr.startsWith(`patchbay: ${sentence}`), stderr).toBe(true);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
});

test('calibrate prints what the machine reaches, and keeps it', async () => {
  const environment = { PATCHBAY_DATA: join(folder, 'data') };
  const short = ['calibrate', '--seconds', '1', '--others', '100'] as const;
  const { status, stdout, stderr } = await patchbay(short, { cache, environment });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  for (const measured of ['float32', 'int8', 'int4'])
    expect(stdout).toMatch(new RegExp(`^products in ${measured} +[\\d.]+\\s[MGT]FLOP/s$`, 'm'));
  expect(stdout).toMatch(/^memory, read +[\d.]+\s[MGT]B\/s$/m);
  expect(stdout).toMatch(/^a small operator +[\d.]+\sµs$/m);
  const again = await patchbay([...short, '--json'], { cache, environment });
  const calibration = calibrationSchema.parse(JSON.parse(again.stdout));
  const kept = await readFile(join(folder, 'data', 'calibrations.json'), 'utf8');
  expect(JSON.parse(kept)).toEqual([calibration]);
});

describe('lists', () => {
  test('of presets name every preset and what it costs', async () => {
    const files = await readdir(join(packageRoot, 'presets'));
    const ids = files.flatMap((name) => /^(.*)\.patchbay\.json$/.exec(name)?.[1] ?? []);
    const { presets } = await json('presets');
    const summaries = presetSummarySchema.array().parse(presets);
    expect(summaries.map(({ id }) => id)).toEqual(ids.toSorted());
    expect(summaries.find(({ id }) => id === 'shapes-llava')).toMatchObject({
      visualTokens: 144,
      visualTokensKnown: true,
      random: false,
    });
    const { stdout } = await command('presets');
    expect(stdout.split('\n')[0]).toMatch(
      /^preset +parameters +visual tokens +memory, est\. +weights +title$/,
    );
    expect(stdout).toMatch(/^shapes-llava +[\d.]+\sM +144 +[\d.]+\sMB +trained +Shapes LLaVA$/m);
  });

  test('of nodes name every node type, by family and with its published sizes', async () => {
    const types = Object.keys(catalogue);
    const { nodes } = await json('nodes');
    expect((nodes as { type: string }[]).map(({ type }) => type)).toEqual(types);
    const { stdout } = await command('nodes');
    const listed = [...stdout.matchAll(/^ {2}(\S+)/gm)].map(([, type]) => type);
    expect(new Set(listed)).toEqual(new Set(types));
    const [, encoders = ''] = /^Vision encoder\n([^]*?)\n\n/m.exec(stdout) ?? [];
    expect(encoders).toMatch(
      /^ {2}encoder\/siglip +SigLIP: pixels, .*→ tokens.*\n +so400m\/14, 384 px · /m,
    );
  });
});

describe('check', () => {
  test('finds nothing wrong with a sound graph', async () => {
    const { status, stdout, stderr } = await command('check', 'shapes-llava');
    expect({ status, stdout, stderr }).toEqual({
      status: 0,
      stdout: 'Shapes LLaVA: no problems.\n',
      stderr: '',
    });
  });

  test('says everything that is wrong with a graph, a line each', async () => {
    const document = withParams(decoderGraph(), 'language', { layerCount: 0, flavour: 'mint' });
    const loose = { from: { node: 'prompt', port: 'text' }, to: { node: 'gone', port: 'text' } };
    const swapped = {
      from: { node: 'prompt', port: 'text' },
      to: { node: 'answer', port: 'answer' },
    };
    const path = await writeGraph(folder, 'wrong', {
      ...document,
      edges: [...document.edges, loose, swapped],
    });
    const { status, stdout, stderr } = await command('check', path);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    const codes = stderr
      .trimEnd()
      .split('\n')
      .map((line) => /^(\w+): .* \[([a-z-]+)\]$/.exec(line)?.slice(1));
    expect(codes).toEqual([
      ['error', 'param-invalid'],
      ['warning', 'param-unknown'],
      ['error', 'wire-dangling'],
      ['error', 'wire-kind'],
    ]);
    const same = await command('check', path, '--json');
    const { problems } = JSON.parse(same.stdout) as { problems: unknown };
    expect(
      problemSchema
        .array()
        .parse(problems)
        .map(({ code }) => code),
    ).toEqual(codes.map((pair) => pair?.[1]));
    expect(same).toMatchObject({ status: 1, stderr });
  });

  test('lets warnings pass, one for a graph that this machine cannot hold among them', async () => {
    const document = withParams(decoderGraph(), 'language', {
      hiddenSize: 65_536,
      layerCount: 512,
    });
    const path = await writeGraph(folder, 'huge', document);
    const { status, stdout, stderr } = await command('check', path);
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    expect(stderr).toMatch(
      /^warning: language: "Language model" alone needs about .*\[memory-short\]\n$/,
    );
  });

  test('has something to say about a graph with nothing in it', async () => {
    const path = await writeGraph(folder, 'nothing', sketchDocument({}, []));
    const { status, stderr } = await command('check', path);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr:
        'error: The graph has nothing to run; add nodes, or start from a preset. [output-missing]\n',
    });
  });
});

test('estimate counts parameters, arithmetic and memory, and says what flows along the wires', async () => {
  const { graph, totals, stages, wires } = (await json(
    'estimate',
    'shapes-llava',
  )) as unknown as GraphEstimate & { graph: string };
  expect(graph).toBe('Shapes LLaVA');
  expect(totals.parameters).toBe(stages.reduce((sum, { parameters }) => sum + parameters, 0));
  expect(totals.peakBytes).toBe(totals.weightBytes + totals.activationBytes + totals.keyValueBytes);
  expect(wires).toHaveLength(6);
  const { status, stdout } = await command('estimate', 'shapes-llava');
  expect(status).toBe(0);
  expect(stdout).toMatch(
    /^Shapes LLaVA \(estimates\)\n\nstage +parameters +FLOPs +weights +activations +KV cache$/m,
  );
  expect(stdout).toMatch(/^ {2}projector → language: 144 visual tokens × 192 channels/m);

  const path = await writeGraph(
    folder,
    'half',
    sketchDocument({ language: ['language/decoder'] }, []),
  );
  const refused = await command('estimate', path, '--json');
  expect(refused).toMatchObject({ status: 1, stdout: '' });
  expect(refused.stderr).toMatch(/^error: language\.prompt: .*\[input-missing\]\n$/);
});

test('cache shows what runs have built, and is emptied', async () => {
  const own = join(folder, 'own-cache');
  const inOwn = (...args: readonly string[]) => patchbay(args, { cache: own });
  const path = await writeGraph(folder, 'cached', decoderGraph());
  expect((await inOwn('cache')).stdout).toMatch(/own-cache\S*: 0\sB of .*\n$/);
  expect(await inOwn('run', path)).toMatchObject({ status: 0 });

  const held = cacheStatusSchema.parse(JSON.parse((await inOwn('cache', '--json')).stdout));
  const titles = held.entries.map(({ title }) => title).toSorted();
  expect(titles).toEqual(['Language model', 'Language model · embedding']);
  expect((await inOwn('cache')).stdout).toMatch(/^last used +size +stage$/m);

  const cleared = JSON.parse((await inOwn('cache', 'clear', '--json')).stdout) as unknown;
  expect(cleared).toEqual({ freedBytes: held.totalBytes });
  expect(await readdir(held.folder)).toEqual([]);
  expect((await inOwn('cache', 'clear')).stdout).toMatch(/^Freed 0\sB\.\n$/);
});

describe('verify', () => {
  test('reproduces recorded cases', async () => {
    const { status, stdout, stderr } = await command('verify', projectors);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    const names = (await readdir(projectors)).toSorted();
    expect(lines.slice(0, -1).map((line) => line.split(/\s+/)[1])).toEqual(
      names.map((name) => `projector/${name}`),
    );
    expect(lines[names.indexOf('llava-mlp')]).toMatch(
      /^pass {8}projector\/llava-mlp +1 of 1 +max error [\d.]+e-\d of 0\.0001$/,
    );
    expect(lines.at(-1)).toBe(`${names.length} pass, 0 fail, 0 unsupported`);

    const { cases } = await json('verify', join(projectors, 'llava-mlp'));
    const [result, ...more] = caseResultSchema.array().parse(cases);
    expect(more).toEqual([]);
    expect(result).toMatchObject({
      family: 'projector',
      name: 'llava-mlp',
      status: 'pass',
      compared: ['image_features'],
      recorded: ['image_features'],
      exempt: [],
    });
  });

  test('fails where a case does not come out', async () => {
    const damaged = join(folder, 'damaged');
    await cp(join(projectors, 'llava-mlp'), damaged, { recursive: true });
    await truncate(join(damaged, 'model.safetensors'), 1000);
    const other = join(folder, 'other');
    await cp(join(projectors, 'idefics3-pixel-shuffle'), other, { recursive: true });
    await copyFile(
      join(projectors, 'smolvlm-pixel-shuffle', 'model.safetensors'),
      join(other, 'model.safetensors'),
    );
    const { status, stdout, stderr } = await command('verify', damaged, other);
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    const [first, second, last] = stdout.trimEnd().split('\n');
    expect(first).toMatch(/^fail {8}projector\/llava-mlp .*model\.safetensors is truncated: /);
    expect(second).toMatch(/^fail {8}projector\/idefics3-pixel-shuffle .*\.$/);
    expect(last).toBe('0 pass, 2 fail, 0 unsupported');
    const { stdout: text } = await command('verify', damaged, '--json');
    expect(JSON.parse(text)).toMatchObject({ cases: [{ status: 'fail', maxAbsError: null }] });
  });

  test('says where there is no case', async () => {
    const empty = await mkdtemp(join(folder, 'empty-'));
    for (const place of [empty, join(folder, 'nowhere')]) {
      expect(await command('verify', place)).toMatchObject({
        status: 1,
        stdout: '',
        stderr: `error: There is no recorded case (a folder with case.json) in ${place}; name another folder. [file-unreadable]\n`,
      });
    }
  });
});

describe('a reader that goes away', () => {
  test.for([
    [['nodes', '--json'], 0],
    [['run', 'no-such-graph', '--json'], 1],
  ] as const)('leaves the status of %j as it is', async ([args, status]) => {
    const child = startPatchbay(args, { cache });
    child.stdout.destroy();
    await once(child, 'spawn');
    const ended = await finished(child);
    expect(ended.status).toBe(status);
    expect(ended.stderr).not.toMatch(/EPIPE|\n {4}at /);
  });

  test('after the first line ends nothing', async () => {
    const child = startPatchbay(['verify', projectors], { cache });
    const ended = finished(child);
    await once(child.stdout, 'data');
    child.stdout.destroy();
    expect(await ended).toMatchObject({ status: 0, stderr: '' });
  });

  test('of problems is no fault either', async () => {
    await writeFile(join(folder, 'broken.json'), '{');
    const child = startPatchbay(['check', join(folder, 'broken.json')], { cache });
    child.stderr.destroy();
    expect((await finished(child)).status).toBe(1);
  });
});

test('a graph with more layers than are run is refused in one sentence by every command that would build it', async () => {
  const models = Array.from({ length: 10 }, (_, index) => `model${index}`);
  const document = sketchDocument(
    {
      prompt: ['input/prompt', { text: 'Why?' }],
      ...Object.fromEntries(
        models.map((id) => [id, ['language/decoder', { model: 'custom', layerCount: 512 }]]),
      ),
    },
    models.map((id) => `prompt.text > ${id}.prompt`),
  );
  const file = await writeGraph(folder, 'deep', document);
  for (const name of ['check', 'estimate', 'run']) {
    const { status, stderr } = await command(name, file);
    expect({ name, status, stderr }).toEqual({
      name,
      status: 1,
      stderr:
        'error: model0: The graph has 5120 layers, at most 2048 are checked, estimated and run; give "Language model" fewer, or split the graph. [graph-too-large]\n',
    });
  }
});
