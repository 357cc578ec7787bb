/** Several pictures, and large ones in tiles, from their files to the answer. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GraphDocument } from '#engine/contract/document.ts';
import { reportSchema } from '#engine/contract/report.ts';
import { presetsFolder } from '../system/package-root.ts';
import { llavaGraph, withParams, writeGraph } from './graphs.testing.ts';
import { buildPrograms, patchbay } from './patchbay-command.testing.ts';

const sample = (name: string) => join(presetsFolder, 'samples', `${name}.png`);
const circle = sample('shapes-circle');
const busy = sample('landscape-lake');
const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-pictures-'));
const cache = join(folder, 'cache');

beforeAll(buildPrograms);
afterAll(() => rm(folder, { recursive: true }));

interface Seen {
  readonly tokenIds: readonly number[];
  /** In and out, by stage. */
  readonly tokens: Readonly<Record<string, readonly (number | null)[]>>;
  readonly flops: Readonly<Record<string, number>>;
}

async function look(args: readonly string[]): Promise<Seen> {
  const { status, stdout, stderr } = await patchbay(['run', ...args, '--json', '--runs', '1'], {
    cache,
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const { stages, answer } = reportSchema.parse(JSON.parse(stdout));
  return {
    tokenIds: answer?.tokenIds ?? [],
    tokens: Object.fromEntries(
      stages.map(({ id, tokensIn, tokensOut }) => [id, [tokensIn, tokensOut]]),
    ),
    flops: Object.fromEntries(stages.map(({ id, flops }) => [id, flops])),
  };
}

async function refusal(args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await patchbay(['run', ...args, '--runs', '1'], { cache });
  expect({ status, stdout }, stderr).toEqual({ status: 1, stdout: '' });
  return stderr.trimEnd();
}

const showing = (...pictures: readonly string[]): readonly string[] =>
  pictures.flatMap((picture) => ['--image', picture]);

describe('two pictures', () => {
  test('go through the encoder together, and to their places in the prompt in order', async () => {
    const path = await writeGraph(folder, 'two', llavaGraph({ contextLength: 128 }));
    const one = await look([path, ...showing(circle)]);
    const both = await look([path, ...showing(circle, busy)]);
    const [words = 0, whole = 0] = both.tokens['language/embed'] as readonly number[];
    expect([both.tokens['encoder'], both.tokens['projector'], whole]).toEqual([
      [null, 8],
      [8, 8],
      words + 8,
    ]);
    expect(both.flops['encoder']).toBeCloseTo(2 * (one.flops['encoder'] as number), -3);
    const asked = [path, '--prompt', 'Is <image> or <image> round?'];
    const there = await look([...asked, ...showing(circle, busy)]);
    const back = await look([...asked, ...showing(busy, circle)]);
    expect(there.tokenIds).not.toEqual(back.tokenIds);
    expect(there.tokens).toEqual(back.tokens);
  });

  test('keep as many tokens each as alone where a picture decides how many', async () => {
    const graph = llavaGraph({ contextLength: 256 });
    const edges = graph.edges.filter(({ to }) => to.node !== 'projector');
    const wire = (from: readonly [string, string], to: readonly [string, string]) => ({
      from: { node: from[0], port: from[1] },
      to: { node: to[0], port: to[1] },
    });
    const prune = { type: 'compression/prumerge', version: 1, params: { neighbours: 4 } };
    const document: GraphDocument = withParams(
      {
        ...graph,
        nodes: { ...graph.nodes, prune },
        edges: [
          ...edges,
          wire(['encoder', 'tokens'], ['prune', 'tokens']),
          wire(['encoder', 'queryKey'], ['prune', 'queryKey']),
          wire(['prune', 'tokens'], ['projector', 'tokens']),
        ],
      },
      'encoder',
      { imageSize: 96, patchSize: 8 },
    );
    const path = await writeGraph(folder, 'pruned', document);
    const kept = async (...pictures: readonly string[]): Promise<number> =>
      (await look([path, ...showing(...pictures)])).tokens['projector']?.[1] as number;
    const alone = [await kept(circle), await kept(busy)] as const;
    expect(alone[0]).not.toBe(alone[1]);
    expect(await kept(circle, busy)).toBe(alone[0] + alone[1]);
  });

  test('lose their tokens as one where the language model prunes', async () => {
    const graph = llavaGraph({ contextLength: 128 });
    const fastv = { type: 'acceleration/fastv', version: 1, params: { layer: 1, ratio: 0.5 } };
    const part = { node: 'fastv', port: 'part' };
    const document = {
      ...graph,
      nodes: { ...graph.nodes, fastv },
      edges: [...graph.edges, { from: part, to: { node: 'language', port: 'acceleration' } }],
    };
    const path = await writeGraph(folder, 'fastv', document);
    const { tokens } = await look([path, ...showing(circle, busy)]);
    const [given = 0, left] = tokens['language/prefill'] as readonly number[];
    expect(left).toBe(given - 4);
  });

  test('are refused, at the prompt, where it has places for another number', async () => {
    const path = await writeGraph(folder, 'places', llavaGraph());
    const prompt = ['--prompt', '<image><image><image>'];
    expect(await refusal([path, ...prompt, ...showing(circle, busy)])).toBe(
      'error: language.prompt: The prompt has 3 places <image>, but 2 pictures are wired; ' +
        'write <image> once for each, or once for all. [marker-mismatch]',
    );
  });
});

test('a picture may be brought to a rectangle, where positions are brought to its grid', async () => {
  const graph = withParams(llavaGraph(), 'encoder', { positions: 'interpolated' });
  const params = { geometry: 'squash', size: 32, width: 64 };
  const preprocess = { type: 'vision/preprocess', version: 2, params };
  const wide = { ...graph, nodes: { ...graph.nodes, preprocess } };
  const path = await writeGraph(folder, 'rectangle', wide);
  expect((await look([path, ...showing(busy)])).tokens['encoder']).toEqual([null, 2 * 4]);
});

test.for([
  ['crop', 1, 1],
  ['crop', 20_000, 20],
  ['pad', 20, 20_000],
  ['squash', 20_000, 20],
  ['fit', 1, 1],
  ['fit', 20_000, 20],
] as const)(
  'a picture is brought to a square by %s, though it has %i × %i pixels',
  async (drawn) => {
    const [geometry, width, height] = drawn;
    const graph = llavaGraph();
    const preprocess = { type: 'vision/preprocess', version: 2, params: { geometry } };
    const document = { ...graph, nodes: { ...graph.nodes, preprocess } };
    const path = await writeGraph(folder, geometry, document);
    const seen = await look([path, ...showing(await savedPicture(width, height))]);
    expect(seen.tokens['encoder']).toEqual([null, 4]);
  },
);

test('a picture of another size than the graph is built for is refused at the node, with the size to type', async () => {
  const graph = withParams(llavaGraph(), 'encoder', { positions: 'interpolated' });
  const native = { rule: 'longest-edge', patch: 16, longestEdge: 64 };
  const preprocess = { type: 'vision/native-resolution', version: 1, params: native };
  const document = { ...graph, nodes: { ...graph.nodes, preprocess } };
  const path = await writeGraph(folder, 'native', document);
  expect(await refusal([path, ...showing(await savedPicture(20_000, 20))])).toBe(
    'error: preprocess.image: A picture of 20000 × 20 pixels becomes 64 × 16 pixels, and the graph is built for ' +
      '64 × 48 pixels; set the size of the pictures to 20000 × 20. [dimension-mismatch]',
  );
  const typed = { pictureWidth: 20_000, pictureHeight: 20 };
  const mended = await writeGraph(folder, 'native', withParams(document, 'preprocess', typed));
  const { tokens } = await look([mended, ...showing(await savedPicture(20_000, 20))]);
  expect(tokens['encoder']).toEqual([null, 4]);
  const byPixels = await writeGraph(
    folder,
    'native',
    withParams(document, 'preprocess', { ...typed, rule: 'pixels' }),
  );
  expect(await refusal([byPixels, ...showing(await savedPicture(20_000, 20))])).toBe(
    'error: preprocess.pictureWidth: A picture of 20000 × 20 pixels is longer than 200 times its shorter side, which ' +
      'this rule does not take; cut it first. [param-invalid]',
  );
});

async function savedPicture(width: number, height: number): Promise<string> {
  const path = join(folder, `${width}x${height}.png`);
  const data = Uint8Array.from({ length: width * height * 3 }, (_, index) => (index * 37) % 251);
  await sharp(data, { raw: { width, height, channels: 3 } }).toFile(path);
  return path;
}

describe('a picture in tiles', () => {
  /** Tiles of 2 × 2 tokens. */
  const tiled = (): GraphDocument => {
    const graph = llavaGraph({ contextLength: 128 });
    const edges = graph.edges.filter(({ to }) => to.port !== 'visual');
    const wire = (from: string, to: string, port: string) => ({
      from: { node: from, port: 'tokens' },
      to: { node: to, port },
    });
    return {
      ...graph,
      nodes: {
        ...graph.nodes,
        preprocess: { type: 'vision/anyres-tiles', version: 1, params: {} },
        pack: { type: 'projector/anyres-pack', version: 1, params: {} },
      },
      edges: [...edges, wire('projector', 'pack', 'tokens'), wire('pack', 'language', 'visual')],
    };
  };

  test.for([
    // The whole, then rows of the map of 4 × 4 with a newline each.
    ['a square', 500, 500, 5, 4 + 4 * (4 + 1)],
    // Two of the four rows are padding.
    ['a wide one', 96, 32, 4, 4 + 2 * (6 + 1)],
    // No row of the map shows more of it than padding.
    ['a strip', 20_000, 20, 3, 4],
    // Two of the four columns are padding.
    ['a point', 1, 1, 3, 4 + 2 * (2 + 1)],
  ] as const)(
    '%s gives its views, packed to its shape',
    async ([, width, height, views, packed]) => {
      const path = await writeGraph(folder, 'tiled', tiled());
      const { tokens } = await look([path, ...showing(await savedPicture(width, height))]);
      expect([tokens['encoder'], tokens['pack']]).toEqual([
        [null, 4 * views],
        [4 * views, packed],
      ]);
    },
  );

  test('and another beside it are one run each', async () => {
    const path = await writeGraph(folder, 'tiled', tiled());
    const square = await savedPicture(500, 500);
    const wide = await savedPicture(96, 32);
    const { tokens } = await look([path, ...showing(square, wide)]);
    expect(tokens['pack']).toEqual([4 * (5 + 4), 24 + 18]);
  });
});
