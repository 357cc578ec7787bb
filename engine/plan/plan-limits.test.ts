import { describe, expect, it } from 'vitest';
import { catalogue } from '#nodes/index.ts';
import type { Outcome } from '../contract/outcome.ts';
import { checkGraph } from '../graph/check.ts';
import { sketchDocument, type NodeSketch } from '../graph/sketch-document.ts';
import type { Catalogue } from '../node/any-node-definition.ts';
import { planGraph, type Plan } from './plan.ts';

const custom = (params: NodeSketch[1]) => ({ model: 'custom', ...params });

/** As many answers to one prompt as there are language models, each with what plugs into it. */
function answers(
  models: readonly NodeSketch[],
  plugged: Readonly<Record<string, NodeSketch>> = {},
  wires: readonly string[] = [],
) {
  const nodes: Record<string, NodeSketch> = { prompt: ['input/prompt', { text: 'Why?' }] };
  for (const [index, model] of models.entries()) {
    nodes[`model${index}`] = model;
    nodes[`answer${index}`] = ['output/answer'];
  }
  const own = models.flatMap((_, index) => [
    `prompt.text > model${index}.prompt`,
    `model${index}.answer > answer${index}.answer`,
  ]);
  return sketchDocument({ ...nodes, ...plugged }, [...own, ...wires]);
}

/** The catalogue, with a note of every language model that is built. */
function watched(): { readonly watching: Catalogue; readonly built: string[] } {
  const built: string[] = [];
  const { body, ...decoder } = (catalogue as Catalogue)['language/decoder']!;
  if (body.kind !== 'host') throw new Error('A decoder is a step of the host.');
  const step: typeof body.step = (context) => {
    built.push(JSON.stringify(context.params['layerCount']));
    return body.step(context);
  };
  return {
    watching: { ...catalogue, 'language/decoder': { ...decoder, body: { ...body, step } } },
    built,
  };
}

const refusal = (plan: Outcome<Plan>): string => (plan.ok ? 'planned' : plan.problems[0]!.message);

describe('a graph with more layers than are run', () => {
  const deep = (count: number, layerCount: number) =>
    answers(Array.from({ length: count }, () => ['language/decoder', custom({ layerCount })]));

  it('is refused before any of it is built, and the sentence names the limit', () => {
    const { watching, built } = watched();
    expect(refusal(planGraph(checkGraph(deep(10, 512), watching)))).toBe(
      'The graph has 5120 layers, at most 2048 are checked, estimated and run; give "Language model" fewer, or split the graph.',
    );
    expect(built).toEqual([]);
  });

  it('runs as far as a node that has few behind it', () => {
    const checked = checkGraph(deep(10, 512), catalogue);
    expect(refusal(planGraph(checked, { until: 'model3' }))).toBe('planned');
  });

  it('is told from one at the limit, and counts a draft wherever it is plugged in', () => {
    const half = custom({ layerCount: 512 });
    const models: readonly NodeSketch[] = [
      ['language/decoder', half],
      ['language/decoder', half],
    ];
    const draft: NodeSketch = ['acceleration/draft-model', half];
    const wires = [0, 1].map((index) => `draft.part > model${index}.acceleration`);
    const atLimit = answers(models, { draft }, wires);
    expect(refusal(planGraph(checkGraph(atLimit, catalogue)))).toBe('planned');
    const over = answers([...models, ['language/mamba']], { draft }, wires);
    expect(refusal(planGraph(checkGraph(over, catalogue)))).toContain('2072 layers');
  });
});

describe('a graph of few layers with many experts', () => {
  it('is built no further than the operators that are run', () => {
    const experts: NodeSketch = ['moe/feed-forward', { experts: 256, layers: 'all' }];
    const document = answers(
      [
        ['language/decoder', custom({ layerCount: 8 })],
        ['language/decoder', custom({ layerCount: 512 })],
      ],
      { experts },
      ['experts.part > model1.feedForward'],
    );
    const { watching, built } = watched();
    expect(refusal(planGraph(checkGraph(document, watching)))).toBe(
      'The graph has more than 100000 operators, which are not checked, estimated or run; give "Language model" fewer layers or experts, or split the graph.',
    );
    expect(built).toEqual(['8', '512']);
  });
});
