import { describe, expect, it } from 'vitest';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument, type NodeSketch } from '#engine/graph/sketch-document.ts';
import { estimateGraph } from '#engine/estimate/estimate.ts';
import type { View } from '#engine/node/view.ts';
import { catalogue } from '../index.ts';
import { packedPlaces, unpadded } from './layers/packed-places.ts';
import { shrunkGrid, shrunkPlaces } from './layers/shrunk-places.ts';

const picture = { item: 0, media: 'image', original: { width: 100, height: 25 } } as const;
const whole: View = { ...picture, role: 'whole', row: 0, column: 0 };
const tile = (row: number, column: number): View => ({ ...picture, role: 'tile', row, column });

describe('packed places', () => {
  /** A class token and 1 × 2 tokens a view: 0 to 2 of the whole, 3 to 5 and 6 to 8 of tiles, 9 is the newline. */
  const tokens = { prefixTokens: 1, grid: { rows: 1, columns: 2 } };
  const beside = [whole, tile(0, 0), tile(0, 1)];

  it('read tile by tile, row by row, or with newlines, and leave class tokens out', () => {
    expect(packedPlaces('tile-by-tile', beside, tokens)).toEqual([1, 2, 4, 5, 7, 8]);
    expect(packedPlaces('joined', [whole, tile(1, 0), tile(0, 0)], tokens)).toEqual([
      1, 2, 7, 8, 4, 5,
    ]);
    expect(packedPlaces('unpadded', beside, tokens)).toEqual([1, 2, 4, 5, 7, 8, 9]);
  });

  it('of a clip are those of its frames in turn, and one newline', () => {
    const frames = [0, 1, 2].map((row): View => ({ ...whole, media: 'video', role: 'frame', row }));
    expect(packedPlaces('unpadded', frames, tokens)).toEqual([1, 2, 4, 5, 7, 8, 9]);
    expect(packedPlaces('joined', frames, tokens)).toEqual([1, 2, 4, 5, 7, 8]);
    expect(packedPlaces('tile-by-tile', frames, tokens)).toEqual([1, 2, 4, 5, 7, 8]);
  });

  it('of a picture without tiles are its own, and a newline only where rows have one', () => {
    expect(packedPlaces('unpadded', [whole], tokens)).toEqual([1, 2, 3]);
    expect(packedPlaces('joined', [whole], tokens)).toEqual([1, 2]);
  });
});

describe('a map above the budget', () => {
  const tokens = { prefixTokens: 0, grid: { rows: 2, columns: 2 } };
  const square = { ...picture, original: { width: 60, height: 60 } } as const;
  const views = [
    { ...whole, ...square },
    ...[0, 1].flatMap((row) => [0, 1].map((column) => ({ ...tile(row, column), ...square }))),
  ];

  it('is shrunk to it, each token mixed of the four around it', () => {
    // 4 × 4 tokens to 2 × 2: each is the mean of its own tile.
    const { places, weights, sum } = shrunkPlaces(views, tokens, 1);
    expect(sum).toBe(16);
    expect(places.slice(16, 20)).toEqual([4, 5, 6, 7]);
    expect(weights.slice(16, 20)).toEqual([4, 4, 4, 4]);
    expect(places).toHaveLength(4 * (4 + 2 * 3));
    for (let token = 0; token < weights.length; token += 4)
      expect(weights.slice(token, token + 4).reduce((total, weight) => total + weight)).toBe(sum);
  });

  it('stays as it is where it is above it by less than a tenth of a side', () => {
    const { places } = shrunkPlaces(views, tokens, 4);
    const alone = places.filter((_, index) => index % 4 === 0);
    expect(alone).toEqual(packedPlaces('unpadded', views, tokens));
    expect(shrunkGrid({ rows: 11, columns: 11 }, { rows: 10, columns: 10 }, 1)).toEqual({
      rows: 11,
      columns: 11,
    });
    expect(shrunkGrid({ rows: 30, columns: 10 }, { rows: 10, columns: 10 }, 1)).toEqual({
      rows: 17,
      columns: 5,
    });
  });
});

it('an odd row of padding stays, and rounding errors make no row less', () => {
  const map = { rows: 48, columns: 48 };
  expect(unpadded({ width: 1000, height: 700 }, map)).toEqual({
    top: 7,
    left: 0,
    rows: 34,
    columns: 48,
  });
  // 48 / 1100 · 275 is 11.999… in floating point.
  expect(unpadded({ width: 1100, height: 275 }, map)).toMatchObject({ top: 18, rows: 12 });
});

describe('in a graph', () => {
  const nodes: Record<string, NodeSketch> = {
    image: ['input/image'],
    second: ['input/image'],
    tiles: ['vision/anyres-tiles'],
    encoder: ['encoder/clip-vit', { model: 'vit-l14-336' }],
    projector: ['projector/mlp'],
    pack: ['projector/anyres-pack'],
    prompt: ['input/prompt'],
    language: ['language/decoder'],
    answer: ['output/answer'],
  };
  const wires = [
    'image.image > tiles.image',
    'tiles.pixels > encoder.pixels',
    'encoder.tokens > projector.tokens',
    'projector.tokens > pack.tokens',
    'pack.tokens > language.visual',
    'prompt.text > language.prompt',
    'language.answer > answer.answer',
  ];

  it('tokens are estimated by the common grid, and work by views', () => {
    const { second: _, ...alone } = nodes;
    const checked = checkGraph(sketchDocument(alone, wires), catalogue);
    expect(checked.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(checked.nodes['pack']?.outputs['tokens']).toEqual({
      kind: 'tokens',
      count: { known: false, tokens: 576 + 48 * 49, most: 5 * 576 + 4 * 24 },
      channels: 2048,
      prefixTokens: 0,
      grid: null,
    });
    const plain = checkGraph(
      sketchDocument({ ...alone, tiles: ['vision/preprocess'] }, wires),
      catalogue,
    );
    const flopsOf = (graph: typeof checked): number => {
      const estimate = estimateGraph(graph);
      if (!estimate.ok) throw new Error(estimate.problems[0]?.message);
      return estimate.value.stages.find(({ id }) => id === 'encoder')?.flops ?? 0;
    };
    expect(flopsOf(checked) / flopsOf(plain)).toBeCloseTo(5);
  });

  it('a budget bounds them', () => {
    const { second: _, ...alone } = nodes;
    const grids = { grids: '6×6, 1×36' };
    const packed = { ...alone, pack: ['projector/anyres-pack', { mostTiles: 9 }] as NodeSketch };
    const document = sketchDocument({ ...packed, tiles: ['vision/anyres-tiles', grids] }, wires);
    const checked = checkGraph(document, catalogue);
    const tokens = checked.nodes['pack']?.outputs['tokens'];
    const most = tokens?.kind === 'tokens' ? tokens.count.most : 0;
    // 9 tiles and a tenth more a side, and a newline for each row of what a column of 36 tiles leaves.
    expect(most).toBeGreaterThan(576 * (1 + 9 * 1.21));
    expect(most).toBeLessThan(576 * (1 + 9 * 1.21) + 24 * 20);
  });

  it('two pictures are two runs', () => {
    const checked = checkGraph(
      sketchDocument(nodes, ['second.image > tiles.image', ...wires]),
      catalogue,
    );
    expect(checked.nodes['pack']?.outputs['tokens']).toMatchObject({
      count: { tokens: 576 + 48 * 49 },
      views: { known: true, views: 2 },
    });
  });

  it('a clip is one run of all its frames', () => {
    const { second: _, image: _image, ...alone } = nodes;
    const document = sketchDocument(
      {
        ...alone,
        clip: ['input/video', { frames: 8 }],
        tiles: ['vision/preprocess'],
        pool: ['compression/bilinear-pool'],
      },
      [
        'clip.frames > tiles.image',
        ...wires.filter((wire) => !/^image|> pack/.test(wire)),
        'projector.tokens > pool.tokens',
        'pool.tokens > pack.tokens',
      ],
    );
    const checked = checkGraph(document, catalogue);
    expect(checked.nodes['pack']?.outputs['tokens']).toMatchObject({
      count: { known: true, tokens: 8 * 144 + 1 },
      views: { known: true, views: 1, media: 'video' },
    });
  });

  it('tiles of another size than the encoder sees are refused where they are cut', () => {
    const document = sketchDocument({ ...nodes, tiles: ['vision/anyres-tiles', { size: 224 }] }, [
      'second.image > tiles.image',
      ...wires,
    ]);
    expect(checkGraph(document, catalogue).problems).toMatchObject([
      { code: 'dimension-mismatch', node: 'tiles', param: 'size', mend: {} },
    ]);
  });
});
