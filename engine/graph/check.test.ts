import { describe, expect, it } from 'vitest';
import { catalogue } from '#nodes/index.ts';
import type { GraphDocument } from '../contract/document.ts';
import { checkGraph } from './check.ts';
import { sketchDocument, type NodeSketch } from './sketch-document.ts';

type Sketches = Readonly<Record<string, NodeSketch>>;

/** From a picture to visual tokens. */
const eyes = {
  image: ['input/image'],
  preprocess: ['vision/preprocess'],
  encoder: ['encoder/clip-vit'],
} satisfies Sketches;
const eyeWires = ['image.image > preprocess.image', 'preprocess.pixels > encoder.pixels'];

/** From visual tokens to an answer: TinyLlama, 2048 channels. */
const voice = {
  prompt: ['input/prompt'],
  language: ['language/decoder'],
  answer: ['output/answer'],
} satisfies Sketches;
const voiceWires = ['prompt.text > language.prompt', 'language.answer > answer.answer'];

/** Both, with something between. */
function llava(between: Sketches, wires: readonly string[]): GraphDocument {
  return sketchDocument({ ...eyes, ...between, ...voice }, [...eyeWires, ...wires, ...voiceWires]);
}

describe('one mistake is one problem', () => {
  const codesOf = (document: GraphDocument) =>
    checkGraph(document, catalogue).problems.map(({ code }) => code);

  it('and not also that of the nodes behind it', () => {
    const nodes = { ...eyes, pool: ['compression/average-pool'] } satisfies Sketches;
    const wires = [...eyeWires, 'encoder.tokens > pool.tokens'];
    const broken = { ...nodes, encoder: ['encoder/clip-vit', { select: 'no' }] } satisfies Sketches;
    const depth = ['image.depth > preprocess.image', ...wires.slice(1)];
    expect(codesOf(sketchDocument(broken, wires))).toEqual(['param-invalid']);
    expect(codesOf(sketchDocument(nodes, wires.slice(1)))).toEqual(['input-missing']);
    expect(codesOf(sketchDocument(nodes, depth))).toEqual(['port-unknown']);
  });

  it('and not also that of the nodes before it, which are told no width', () => {
    const withLanguage = (language: NodeSketch, port = 'visual') =>
      sketchDocument(
        {
          ...eyes,
          projector: ['projector/mlp'],
          pool: ['compression/average-pool'],
          prompt: ['input/prompt'],
          language,
        },
        [
          ...eyeWires,
          'encoder.tokens > projector.tokens',
          'projector.tokens > pool.tokens',
          `pool.tokens > language.${port}`,
          'prompt.text > language.prompt',
        ],
      );
    expect(codesOf(withLanguage(['language/decoder']))).toEqual([]);
    expect(codesOf(withLanguage(['language/tarot']))).toEqual(['node-unknown']);
    expect(codesOf(withLanguage(['language/decoder', { maxNewTokens: 0 }]))).toEqual([
      'param-invalid',
    ]);
    expect(codesOf(withLanguage(['language/decoder'], 'picture'))).toEqual(['port-unknown']);
    expect(codesOf(withLanguage(['language/decoder'], 'prompt'))).toEqual(['wire-kind']);
  });

  it('and a wire that cannot be takes no input from one that can', () => {
    const document = sketchDocument(eyes, ['image.image > encoder.pixels', ...eyeWires]);
    expect(codesOf(document)).toEqual(['wire-kind']);
  });

  it('and a parameter that is not in use is neither wrong nor heard', () => {
    const padded = { geometry: 'pad', width: 500, resizeTo: 'large' };
    const document = sketchDocument(
      { ...eyes, preprocess: ['vision/preprocess', padded] },
      eyeWires,
    );
    const { problems, nodes } = checkGraph(document, catalogue);
    expect(problems).toEqual([]);
    expect(nodes['preprocess']?.outputs['pixels']).toEqual({
      kind: 'pixels',
      height: 336,
      width: 336,
    });
  });

  it('and a node may be called as what every object inherits', () => {
    const document = sketchDocument(
      Object.fromEntries(
        ['constructor', 'toString'].map((id) => [id, ['compression/average-pool'] as const]),
      ),
      ['constructor.tokens > toString.tokens', 'toString.tokens > constructor.tokens'],
    );
    const { problems, nodes } = checkGraph(document, catalogue);
    expect(problems.map(({ code }) => code)).toEqual(['cycle']);
    expect(Object.keys(nodes).toSorted()).toEqual(['constructor', 'toString']);
  });
});

describe('a width need not be typed twice', () => {
  it('a projector takes its output width from the language model, through what lies between', () => {
    const document = llava(
      {
        projector: ['projector/mlp'],
        pool: ['compression/average-pool', { kernel: 2 }],
        shuffle: ['compression/pixel-shuffle', { factor: 2 }],
      },
      [
        'encoder.tokens > projector.tokens',
        'projector.tokens > pool.tokens',
        'pool.tokens > shuffle.tokens',
        'shuffle.tokens > language.visual',
      ],
    );
    const { problems, nodes } = checkGraph(document, catalogue);
    expect(problems).toEqual([]);
    const shapeOf = (id: string) => {
      const wire = nodes[id]?.outputs['tokens'];
      return wire?.kind === 'tokens' && [wire.count.tokens, wire.channels, wire.grid?.rows];
    };
    expect(['encoder', 'projector', 'pool', 'shuffle'].map(shapeOf)).toEqual([
      [576, 1024, 24],
      [576, 512, 24], // four of them side by side make the 2048 channels that TinyLlama reads
      [144, 512, 12],
      [36, 2048, 6],
    ]);
  });

  it('a preprocessing takes its size from the encoder that it feeds', () => {
    const sizes = ['so400m-p14-384', 'base-p16-224'].map((model) => {
      const document = sketchDocument(
        { ...eyes, encoder: ['encoder/siglip', { model }] },
        eyeWires,
      );
      const { problems, nodes } = checkGraph(document, catalogue);
      expect(problems).toEqual([]);
      return nodes['preprocess']?.outputs['pixels'];
    });
    expect(sizes).toEqual([
      { kind: 'pixels', height: 384, width: 384 },
      { kind: 'pixels', height: 224, width: 224 },
    ]);
  });

  it('of two consumers the one that asks is heard, wherever its wire stands', () => {
    const document = llava(
      { first: ['projector/mlp'], second: ['projector/mlp', { outputWidth: 8 }] },
      [
        'encoder.tokens > first.tokens',
        'first.tokens > second.tokens',
        'first.tokens > language.visual',
      ],
    );
    const { problems, nodes } = checkGraph(document, catalogue);
    expect(problems).toEqual([]);
    expect(nodes['first']?.outputs['tokens']).toMatchObject({ channels: 2048 });
  });

  it('one preprocessing for two encoders that see other sizes is told so at the second', () => {
    const document = sketchDocument({ ...eyes, other: ['encoder/siglip'] }, [
      ...eyeWires,
      'preprocess.pixels > other.pixels',
    ]);
    const { problems } = checkGraph(document, catalogue);
    const problem = { code: 'dimension-mismatch', node: 'other', port: 'pixels' };
    expect(problems).toMatchObject([problem]);
  });

  it('an encoder that takes any size goes with one that sees only its own', () => {
    const document = sketchDocument({ ...eyes, other: ['encoder/dinov2'] }, [
      'image.image > preprocess.image',
      'preprocess.pixels > other.pixels',
      'preprocess.pixels > encoder.pixels',
    ]);
    const { problems, nodes } = checkGraph(document, catalogue);
    expect(problems).toEqual([]);
    expect(nodes['preprocess']?.outputs['pixels']).toMatchObject({ height: 336, width: 336 });
    const alone = sketchDocument({ ...eyes, encoder: ['encoder/dinov2'] }, eyeWires);
    expect(checkGraph(alone, catalogue).nodes['preprocess']?.outputs['pixels']).toMatchObject({
      height: 518,
      width: 518,
    });
  });

  it('token ids are such as all that read them know', () => {
    const nodes = {
      prompt: ['input/prompt'],
      tokenise: ['text/tokenise'],
      words: ['text/embedding', { model: 'tinyllama-1.1b' }],
      fewer: ['text/embedding', { model: 'custom', vocabularySize: 50 }],
    } satisfies Sketches;
    const wires = [
      'prompt.text > tokenise.text',
      'tokenise.ids > words.ids',
      'tokenise.ids > fewer.ids',
    ];
    const found = (length: number) =>
      checkGraph(sketchDocument(nodes, wires.slice(0, length)), catalogue).nodes['tokenise']?.found;
    expect([1, 2, 3].map(found)).toEqual([
      { vocabularySize: null },
      { vocabularySize: 32_000 },
      { vocabularySize: 50 },
    ]);
  });
});
