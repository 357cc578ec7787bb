import { describe, expect, test } from 'vitest';
import { catalogue } from '#nodes/index.ts';
import type { GraphDocument } from '../contract/document.ts';
import { ok } from '../contract/outcome.ts';
import { estimateGraph } from '../estimate/estimate.ts';
import type { AnyNodeDefinition } from '../node/any-node-definition.ts';
import { defineNode } from '../node/node-definition.ts';
import type { Params } from '../node/param.ts';
import { linear } from '../onnx/blocks/linear.ts';
import { checkGraph } from '../graph/check.ts';
import { sketchDocument, type NodeSketch } from '../graph/sketch-document.ts';
import { tinyForm } from './tiny-form.ts';

/** MoE-LLaVA on Phi-2 with pruning, its feature layer and the layer of pruning far from the first. */
const graph = (projector: NodeSketch) =>
  sketchDocument(
    {
      image: ['input/image', { source: { kind: 'scene', seed: 1 } }],
      preprocess: ['vision/preprocess'],
      encoder: ['encoder/clip-vit', { model: 'vit-l14-336', featureLayer: -8 }],
      projector,
      prompt: ['input/prompt'],
      experts: ['moe/feed-forward', { model: 'moe-llava' }],
      pruning: ['acceleration/vtw', { layer: 15 }],
      language: ['language/decoder', { model: 'phi-2', precision: 'int4' }],
      answer: ['output/answer'],
    },
    [
      'image.image > preprocess.image',
      'preprocess.pixels > encoder.pixels',
      'encoder.tokens > projector.tokens',
      'projector.tokens > language.visual',
      'prompt.text > language.prompt',
      'experts.part > language.feedForward',
      'pruning.part > language.acceleration',
      'language.answer > answer.answer',
    ],
  );

/** A projector whose middle is wide whatever is asked of it. */
const heavy = defineNode({
  type: 'projector/heavy',
  version: 1,
  family: 'projector',
  title: 'Heavy projector',
  about: '',
  references: [],
  params: {},
  inputs: { tokens: { kind: 'tokens', title: 'Tokens' } },
  outputs: { tokens: { kind: 'tokens', title: 'Tokens' } },
  infer: ({ inputs: { tokens } }) => ok({ outputs: { tokens } }),
  summary: () => '',
  body: {
    kind: 'onnx',
    emit(g, { tokens }, { inputs }) {
      const { channels } = inputs.tokens;
      const source = { kind: 'random', seed: 0 } as const;
      return g.weightsFrom({ origin: { node: 'heavy', source, layouts: [] }, blocks: null }, () => {
        const wide = { inputs: channels, outputs: 400_000, bias: false };
        const inner = linear(g, tokens, 'wide', wide);
        return {
          tokens: linear(g, inner, 'back', { inputs: 400_000, outputs: channels, bias: false }),
        };
      });
    },
  },
});

describe('a graph in small', () => {
  test('has the same parts, wires and visual tokens, and hardly any parameters', () => {
    const whole = graph(['projector/mlp', { hiddenWidth: 5120 }]);
    const tiny = tinyForm(whole, catalogue);
    if (!tiny.ok) throw new Error(tiny.problems[0]?.message);
    expect(tiny.value.edges).toEqual(whole.edges);
    const types = ({ nodes }: typeof whole) => Object.values(nodes).map(({ type }) => type);
    expect(types(tiny.value)).toEqual(types(whole));
    const estimates = [whole, tiny.value].map((document) => {
      const estimate = estimateGraph(checkGraph(document, catalogue));
      if (!estimate.ok) throw new Error(estimate.problems[0]?.message);
      return estimate.value;
    });
    const tokens = estimates.map(
      ({ stages }) => stages.find(({ language }) => language)?.language?.visualTokens,
    );
    expect(tokens).toEqual([576, 576]);
    expect(estimates[1]?.totals.parameters).toBeLessThan(2e6);
    const { encoder, projector, language, pruning } = tiny.value.nodes;
    expect(encoder?.params).toMatchObject({ model: 'custom', layerCount: 4, featureLayer: -4 });
    // Twice as wide as the language model, as it was.
    expect(projector?.params).toMatchObject({ hiddenWidth: 128 });
    expect(language?.params).toMatchObject({ block: 'parallel', hiddenSize: 64, layerCount: 4 });
    expect(pruning?.params).toMatchObject({ layer: 2 });
  });

  test('is refused where a part stays large, which is named', () => {
    const { nodes, edges, ...rest } = graph(['projector/mlp']);
    const from = { node: 'heavy', port: 'tokens' };
    const document = {
      ...rest,
      nodes: { ...nodes, heavy: { type: heavy.type, version: 1, params: {} } },
      edges: edges.flatMap((edge) =>
        edge.to.node === 'projector'
          ? [
              { ...edge, to: from },
              { from, to: edge.to },
            ]
          : [edge],
      ),
    };
    const tiny = tinyForm(document, { ...catalogue, [heavy.type]: heavy });
    expect(tiny).toMatchObject({
      ok: false,
      problems: [
        {
          code: 'no-small-form',
          node: 'heavy',
          message: expect.stringMatching(
            /^"Heavy projector" has no small form: it keeps \d+ million/,
          ) as string,
        },
      ],
    });
  });

  test('of one that is broken tells what is wrong with it as it stands', () => {
    const tiny = tinyForm(graph(['projector/mlp', { depth: 'many' }]), catalogue);
    expect(tiny).toMatchObject({ ok: false, problems: [{ code: 'param-invalid' }] });
  });

  test('is there for every published language model and encoder', () => {
    const refused = Object.values(catalogue).flatMap((definition) => {
      const { model }: Params = definition.params;
      if (!['language', 'encoder'].includes(definition.family) || model?.kind !== 'choice')
        return [];
      // Monkey's tower takes five views of a picture; its preset is run in small.
      if (definition.type === 'encoder/monkey-vit') return [];
      return publishedOf(model.options).flatMap((value) => {
        const tiny = tinyForm(aloneWith(definition, value), catalogue);
        return tiny.ok ? [] : [`${definition.type} ${value}: ${tiny.problems[0]?.message}`];
      });
    });
    expect(refused).toEqual([]);
  });
});

const publishedOf = (options: readonly { readonly value: string }[]): readonly string[] =>
  options.map(({ value }) => value).filter((value) => value !== 'custom');

/** An encoder behind its picture, or a language model behind its prompt. */
function aloneWith({ type, family, outputs }: AnyNodeDefinition, model: string): GraphDocument {
  if (family === 'language')
    return sketchDocument(
      { prompt: ['input/prompt'], part: [type, { model }], answer: ['output/answer'] },
      ['prompt.text > part.prompt', 'part.answer > answer.answer'],
    );
  expect(Object.keys(outputs)).toContain('tokens');
  return sketchDocument(
    {
      image: ['input/image', { source: { kind: 'scene', seed: 1 } }],
      preprocess: ['vision/preprocess'],
      part: [type, { model }],
    },
    ['image.image > preprocess.image', 'preprocess.pixels > part.pixels'],
  );
}
