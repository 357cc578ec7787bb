/** Whatever is wrong with what a user gives, it is told in one clear line, and nothing half-done is left. */
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
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GraphDocument } from '#engine/contract/document.ts';
import { reportSchema } from '#engine/contract/report.ts';
import { packageRoot, presetsFolder } from '../system/package-root.ts';
import { readPreset } from '../presets.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { decoderGraph, withParams, writeGraph } from './graphs.testing.ts';
import { buildPrograms, patchbay } from './patchbay-command.testing.ts';

const shapesCheckpoint = join(presetsFolder, 'checkpoints', 'shapes-llava');
const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-bad-input-'));
const cache = join(folder, 'cache');
let preset: GraphDocument;

beforeAll(async () => {
  await buildPrograms();
  const read = await readPreset('shapes-llava');
  if (!read.ok) throw new Error(read.problems[0]?.message);
  preset = read.value;
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs a graph that cannot be run: one line of standard error, and nothing else. */
async function refusal(args: readonly string[], input?: string): Promise<string> {
  const surroundings = input === undefined ? { cache } : { cache, input };
  const { status, stdout, stderr } = await patchbay(['run', ...args], surroundings);
  expect({ status, stdout }, stderr).toEqual({ status: 1, stdout: '' });
  expect(stderr.trimEnd().split('\n'), stderr).toHaveLength(1);
  return stderr.trimEnd();
}

async function refusedGraph(document: GraphDocument): Promise<string> {
  return refusal([await writeGraph(folder, 'refused', document)]);
}

describe('a file that holds no graph', () => {
  test('because it is broken, empty, foreign or a folder', async () => {
    const path = join(folder, 'file.json');
    await writeFile(path, '{"format": "patch');
    expect(await refusal([path])).toMatch(/^error: .*not valid JSON.* \[json-broken\]$/);
    await writeFile(path, ' \n');
    expect(await refusal([path])).toBe(
      `error: ${path} is empty; name a graph file, or one of patchbay presets. [file-unreadable]`,
    );
    await writeFile(path, '[1, 2]');
    expect(await refusal([path])).toMatch(/^error: .*not a Patchbay graph.* \[document-foreign\]$/);
    expect(await refusal([folder])).toBe(
      `error: ${folder} is a folder; name a graph file, or one of patchbay presets. [file-unreadable]`,
    );
  });

  test('because there is none', async () => {
    expect(await refusal(['shapes-lava'])).toBe(
      'error: There is no file and no preset "shapes-lava", but there is "shapes-llava"; name a graph file, or one of patchbay presets. [file-unreadable]',
    );
    expect(await refusal([`${join(packageRoot, 'package.json')}/graph`])).toMatch(
      /^error: There is no file and no preset /,
    );
  });

  test('because it is far too large, on disk, on standard input or without end', async () => {
    const path = join(folder, 'large.json');
    await writeFile(path, '{');
    await truncate(path, 100_000_000);
    expect(await refusal([path])).toMatch(
      /^error: \S+large\.json has 100\sMB, a graph may have 16\.8\sMB; this is no Patchbay graph\. \[file-too-large\]$/,
    );
    expect(await refusal(['/dev/zero'])).toMatch(/more than 16\.8\sMB.*\[file-too-large\]$/);
    expect(await refusal(['-'], '['.repeat(100_000_000))).toMatch(
      /^error: Standard input has more than 16\.8\sMB.*\[file-too-large\]$/,
    );
  });

  test('is reported as an object where one is asked for', async () => {
    const ran = await patchbay(['run', 'shapes-lava', '--json'], { cache });
    expect(ran.status).toBe(1);
    const { machine, stages, problems } = reportSchema.parse(JSON.parse(ran.stdout));
    expect({ machine, stages, codes: problems.map(({ code }) => code) }).toEqual({
      machine: null,
      stages: [],
      codes: ['file-unreadable'],
    });
  });
});

describe('a graph that does not hold together', () => {
  test('because of an unknown node', async () => {
    const { nodes } = decoderGraph();
    const document = {
      ...decoderGraph(),
      nodes: { ...nodes, language: { type: 'language/oracle', version: 1, params: {} } },
    };
    expect(await refusedGraph(document)).toMatch(
      /^error: language: "language\/oracle" is not a node of this version;.*\[node-unknown\]$/,
    );
  });

  test('because of a cycle', async () => {
    const projectors = { a: ['projector/mlp'], b: ['projector/mlp'] } as const;
    expect(
      await refusedGraph(
        sketchDocument(projectors, ['a.tokens > b.tokens', 'b.tokens > a.tokens']),
      ),
    ).toMatch(/^error: a: These nodes feed each other in a circle: a → b → a;.*\[cycle\]$/);
  });

  test('because a wire joins different kinds', async () => {
    const document = sketchDocument({ image: ['input/image'], answer: ['output/answer'] }, [
      'image.image > answer.answer',
    ]);
    const { status, stderr } = await patchbay(
      ['run', await writeGraph(folder, 'kinds', document)],
      { cache },
    );
    expect(status).toBe(1);
    expect(stderr.split('\n')[0]).toMatch(
      /^error: answer\.answer: "Answer" takes .*, "Image" gives image.*; wire ports of the same kind\. \[wire-kind\]$/,
    );
  });
});

describe('a picture', () => {
  test.for([
    ['that is not there', 'nowhere.png', /There is no file "nowhere\.png" at this place;/],
    ['that is a text', 'text.png', /"text\.png" is not a picture that can be read;/],
    ['that is a folder', '.', /is a folder;/],
    ['that is cut short', 'short.png', /"short\.png" is damaged or cut short;/],
  ] as const)('%s', async ([, name, sentence]) => {
    await writeFile(join(folder, 'text.png'), 'a text');
    await copyFile(join(presetsFolder, 'samples', 'shapes-circle.png'), join(folder, 'short.png'));
    await truncate(join(folder, 'short.png'), 3000);
    const line = await refusal(['shapes-llava', '--image', join(folder, name)]);
    expect(line).toMatch(/^error: image: .* \[image-unreadable\]$/);
    expect(line).toMatch(sentence);
  });

  test('with a path that no system opens', async () => {
    const { status, stdout, stderr } = await patchbay(
      ['run', 'shapes-llava', '--image', 'a'.repeat(5000)],
      { cache },
    );
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(
      /^patchbay: --image has a path of 5\d{3} characters, which no system opens\.\n$/,
    );
  });
});

describe('a checkpoint', () => {
  const withCheckpoint = (place: string) =>
    withParams(preset, 'language', { weights: { kind: 'checkpoint', folder: place } });

  test('that is not there', async () => {
    expect(await refusedGraph(withCheckpoint('models/none'))).toBe(
      `error: language: ${join(folder, 'models/none')} does not exist, or is a link to a file that does not; check the path. [checkpoint-unreadable]`,
    );
  });

  test('of another model, told before anything is built', async () => {
    const place = join(packageRoot, 'verify', 'recorded', 'slm', 'phi');
    const path = await writeGraph(folder, 'other-model', withCheckpoint(place));
    const own = join(folder, 'cache-of-other-model');
    const { status, stderr } = await patchbay(['run', path, '--allow', place], { cache: own });
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^error: language\.weights: The tensor "model\.embed_tokens\.weight" has shape \[127, 48\], the node needs \[1024, 192\]; .*\[tensor-shape\]\n$/,
    );
    expect(await readdir(join(own, 'stages'))).toEqual([]);
  });

  test('of another model is one entry in a check, however many tensors it has', async () => {
    const params = {
      model: 'custom',
      hiddenSize: 384,
      weights: { kind: 'checkpoint', folder: shapesCheckpoint },
    };
    const path = await writeGraph(folder, 'other-width', withParams(preset, 'encoder', params));
    const { status, stderr } = await patchbay(['check', path], { cache });
    expect(status).toBe(1);
    const encoder = stderr.split('\n').filter((line) => line.includes(': encoder.'));
    expect(encoder).toEqual([
      expect.stringMatching(
        /^error: encoder\.weights: All \d+ tensors that the node needs .*: ("[\w.]+" \[[\d, ]+\] for \[[\d, ]+\](, | and )){3}\d+ more; choose the model .*\[tensor-shape\]$/,
      ),
    ]);
  });

  test('that is cut short, or whose tensors overlap', async () => {
    const place = join(folder, 'damaged');
    await cp(shapesCheckpoint, place, { recursive: true });
    const weights = join(place, 'model.safetensors');
    const whole = await readFile(weights);
    await truncate(weights, whole.length / 2);
    expect(await refusedGraph(withCheckpoint(place))).toMatch(
      /^error: language: \S+model\.safetensors is truncated: tensor ".*; download the file again\. \[checkpoint-broken\]$/,
    );
    await writeFile(weights, withOverlap(whole));
    expect(await refusedGraph(withCheckpoint(place))).toMatch(
      /^error: language: \S+model\.safetensors is broken: tensors ".*" and ".*" share bytes; download the file again\. \[checkpoint-broken\]$/,
    );
  });
});

/** The file with its second tensor of a size where its first one of that size is. */
function withOverlap(file: Buffer): Buffer {
  const length = Number(file.readBigUInt64LE());
  const header = JSON.parse(file.toString('utf8', 8, 8 + length)) as Record<
    string,
    { shape?: number[]; data_offsets: number[] }
  >;
  const [one, other] = Object.values(header).filter(({ shape }) => shape?.join() === '192');
  if (!one || !other) throw new Error('The checkpoint has changed: no two tensors of 192 numbers.');
  other.data_offsets = one.data_offsets;
  const text = Buffer.from(JSON.stringify(header).padEnd(length));
  return Buffer.concat([file.subarray(0, 8), text, file.subarray(8 + length)]);
}

describe('a prompt', () => {
  test('of 100,000 characters', async () => {
    expect(await refusal(['shapes-llava', '--prompt', 'a'.repeat(100_000)])).toBe(
      'error: The prompt has 100000 characters, at most 50000 are read; shorten it. [context-overflow]',
    );
  });

  test('of more tokens than the model holds, told before anything is built', async () => {
    const own = join(folder, 'cache-of-long-prompt');
    const { status, stdout, stderr } = await patchbay(
      ['run', 'shapes-llava', '--prompt', 'circle '.repeat(5000)],
      { cache: own },
    );
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(
      /^error: language\.prompt: Prompt and picture have 5\d{3} tokens \(144 visual\), the model holds 1024, the answer included; shorten the prompt or compress the visual tokens\. \[context-overflow\]\n$/,
    );
    expect(await readdir(join(own, 'stages'))).toEqual([]);
  });
});

describe('a place that cannot be written', () => {
  test('for the cache', async () => {
    const path = await writeGraph(folder, 'tiny', decoderGraph());
    const below = join(path, 'below');
    for (const args of [['run', path], ['cache'], ['cache', 'clear']]) {
      const { status, stdout, stderr } = await patchbay(args, { cache: below });
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
      expect(stderr).toMatch(
        /^error: The stage cache \S+ cannot be written: there is no such folder; set PATCHBAY_CACHE to a folder that can\. \[cache-unwritable\]\n$/,
      );
    }
  });

  test('for the report, told before the run', async () => {
    const path = await writeGraph(folder, 'tiny', decoderGraph());
    const own = join(folder, 'cache-of-unwritable');
    for (const [out, why] of [
      [join(folder, 'no', 'such', 'report.json'), 'there is no such folder'],
      [join(path, 'report.json'), 'there is no such folder'],
      [folder, 'it is a folder'],
      [`${folder}/`, 'it is a folder'],
    ] as const) {
      const ran = await patchbay(['run', path, '--json', out], { cache: own });
      expect(ran).toMatchObject({
        status: 1,
        stdout: '',
        stderr: `error: ${out} cannot be written: ${why}; choose another place. [file-unwritable]\n`,
      });
    }
    expect(await readdir(folder)).not.toContain('cache-of-unwritable');
  });
});

test('a graph larger than the machine is refused with the arithmetic', async () => {
  const huge = {
    hiddenSize: 65_536,
    layerCount: 512,
    headCount: 512,
    keyValueHeadCount: 512,
    headSize: 128,
  };
  expect(await refusedGraph(withParams(decoderGraph(), 'language', huge))).toMatch(
    /^error: language: "Language model" alone needs about [\d.]+\sTB \([\d.]+\sTB of weights, .* of KV cache, .* of activations, [\d.]+\sMB for the system and Patchbay\), the machine has [\d.]+\s[GT]B; choose a smaller model or a lower precision for it\. \[memory-short\]$/,
  );
});
