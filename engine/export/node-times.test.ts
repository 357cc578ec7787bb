import { expect, test } from 'vitest';
import { catalogue } from '#nodes/index.ts';
import type { Report } from '../contract/report.ts';
import { checkGraph } from '../graph/check.ts';
import { sketchDocument } from '../graph/sketch-document.ts';
import { planGraph } from '../plan/plan.ts';
import { sampleReport, sampleStage } from '../profile/sample-report.testing.ts';
import { exportedGraphs, graphsByStage } from './exported-graphs.ts';
import { nodeTimes } from './node-times.ts';

const small = { hiddenSize: 32, layerCount: 1, headCount: 2, feedForwardSize: 64 };
const decoder = {
  ...small,
  model: 'custom',
  vocabularySize: 64,
  keyValueHeadCount: 1,
  headSize: 16,
  contextLength: 64,
  template: '{prompt}',
};
const document = sketchDocument(
  {
    prompt: ['input/prompt'],
    language: ['language/decoder', decoder],
    answer: ['output/answer'],
  },
  ['prompt.text > language.prompt', 'language.answer > answer.answer'],
);

const operator = (name: string, kind: string, profiledMs: number) => ({
  part: '',
  name,
  kind,
  calls: 1,
  profiledMs,
  inputs: [],
  outputs: [],
  bytesPerCall: 0,
});

/** The names of the decoder's graph: outer nodes, and those in the branches of its choices. */
function decoderNames(): { readonly outer: readonly string[]; readonly inner: readonly string[] } {
  const plan = planGraph(checkGraph(document, catalogue));
  if (!plan.ok) throw new Error(plan.problems[0]?.message);
  const graph = exportedGraphs(graphsByStage(plan.value)).find(({ stem }) =>
    stem.endsWith('.decoder'),
  );
  const nodes = graph?.model.nodes ?? [];
  const inner = nodes.flatMap(({ attributes }) =>
    Object.values(attributes).flatMap((value) =>
      'graph' in value ? value.graph.nodes.map(({ name }) => name) : [],
    ),
  );
  return { outer: nodes.map(({ name }) => name), inner };
}

interface Data {
  readonly results: Readonly<Record<string, { readonly value: number }>>;
  readonly gradient: readonly { readonly stop: number; readonly bgColor: string }[];
}

function timesOf(report: Report): { data: Readonly<Record<string, Data>>; unplacedShare: number } {
  const times = nodeTimes(report, document, catalogue);
  if (!times.ok) throw new Error(times.problems[0]?.message);
  const { text, unplacedShare } = times.value;
  return { data: JSON.parse(text) as Readonly<Record<string, Data>>, unplacedShare };
}

const phase = (name: 'prefill' | 'decode', medianMs: number) =>
  sampleStage(`language/${name}`, { type: 'language/decoder', phase: name, medianMs });

test('nodes have the time of a pass by the names of the exported graph, all phases together', () => {
  const { outer } = decoderNames();
  const [first = '', second = ''] = outer;
  const report: Report = {
    ...sampleReport([phase('prefill', 8), phase('decode', 20)]),
    operators: [
      { stage: 'language/prefill', operators: [operator(first, 'A', 3), operator(second, 'B', 1)] },
      { stage: 'language/decode', operators: [operator(second, 'B', 2)] },
    ],
  };
  const { data, unplacedShare } = timesOf(report);
  expect(Object.keys(data)).toEqual(['language.decoder']);
  expect(data['language.decoder']?.results).toEqual({
    [first]: { value: 6 },
    [second]: { value: 2 + 20 },
  });
  const stops = data['language.decoder']?.gradient.map(({ stop }) => stop) ?? [];
  expect([stops[0], stops.at(-1)]).toEqual([0, 1]);
  expect(unplacedShare).toBe(0);
});

test('what ONNX Runtime put in a node’s place counts for it, and what it put in besides is told', () => {
  const { outer } = decoderNames();
  const [first = '', second = '', third = ''] = outer;
  const report: Report = {
    ...sampleReport([phase('prefill', 10)]),
    operators: [
      {
        stage: 'language/prefill',
        operators: [
          operator(`${first}_nchwc`, 'Conv', 4),
          operator(`${second}/MatmulTransposeFusion/`, 'FusedMatMul', 3),
          operator(third, 'Add', 2),
          operator('ReorderOutput', 'ReorderOutput', 1),
        ],
      },
    ],
  };
  const { data, unplacedShare } = timesOf(report);
  expect(data['language.decoder']?.results).toEqual({
    [first]: { value: 4 },
    [second]: { value: 3 },
    [third]: { value: 2 },
  });
  expect(unplacedShare).toBeCloseTo(0.1);
});

test('a node in the branch of a choice is found by its name, and by its path where branches are unfolded', () => {
  const { inner } = decoderNames();
  const [name = ''] = inner;
  expect(name).not.toBe('');
  const report: Report = {
    ...sampleReport([phase('decode', 10)]),
    operators: [{ stage: 'language/decode', operators: [operator(name, 'A', 5)] }],
  };
  const keys = Object.keys(timesOf(report).data['language.decoder']?.results ?? {});
  expect(keys[0]).toBe(name);
  expect(keys[1]).toMatch(/^.+\/(then_branch|else_branch|body)\/.+$/);
  expect(keys[1]?.endsWith(`/${name}`)).toBe(true);
});
