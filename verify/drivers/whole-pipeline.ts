/** A whole model as a person would wire it, run as any other graph: from raw pictures and clips to the answer. */
import type { RunEvent } from '#engine/contract/run-event.ts';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import { sketchDocument, type NodeSketch } from '#engine/graph/sketch-document.ts';
import { executeRun } from '#host/runs/execute-run.ts';
import { CancelSwitch } from '#host/sessions/progress.ts';
import { compareWholes, type Comparison } from '../cases/comparison.ts';
import type { RecordedCase, RecordedTensor } from '../cases/recorded-case.ts';
import type { Workbench } from '../workbench.ts';
import type { SetNode } from './node-params.ts';
import { sourceNode, type RawSource } from './raw-sources.ts';
import type { PipelineNodes, SetWay } from './set-pipeline.ts';

/** How the language model is asked. */
export interface AskedQuestion {
  readonly template: string;
  readonly prompt: string;
}

export async function compareWholeWay(
  { ways, language }: PipelineNodes,
  { template, prompt }: AskedQuestion,
  { outputs }: RecordedCase,
  { loader }: Workbench,
): Promise<Outcome<readonly Comparison[]>> {
  const ids = outputs.get('greedy_ids') as RecordedTensor;
  const decoding = {
    template,
    maxNewTokens: ids.shape.at(-1) ?? 1,
    stopAtEndOfText: false,
  };
  const sketches = ways.map(sketchWay);
  const document = sketchDocument(
    {
      ...Object.assign({}, ...sketches.map(({ nodes }) => nodes)),
      prompt: ['input/prompt', { text: prompt }],
      language: [language.definition.type, { ...language.params, ...decoding }],
      answer: ['output/answer'],
    },
    [
      ...sketches.flatMap(({ edges }) => edges),
      'prompt.text > language.prompt',
      'language.answer > answer.answer',
    ],
  );
  const events: RunEvent[] = [];
  const emit = (event: RunEvent): void => void events.push(event);
  const ran = await executeRun({ document, runs: 1 }, loader, emit, new CancelSwitch());
  if (!ran.ok) return ran;
  const answer = events.find((event) => event.type === 'answer');
  const name = 'greedy_ids from the raw pictures';
  return ok([compareWholes(name, answer?.tokenIds ?? [], Array.from(ids.data))]);
}

/** From the sources of one medium to the language model. */
function sketchWay({ way: { media }, preprocess, vision, sources }: SetWay) {
  const sketch = ({ definition, params }: SetNode): NodeSketch => [definition.type, params];
  const given = sources.map((source: RawSource, index) => sourceNode(`${media}${index}`, source));
  const first = `${media}-preprocess`;
  const names = vision.map((_, index) => `${media}-vision${index}`);
  const nodes: Readonly<Record<string, NodeSketch>> = {
    ...Object.fromEntries(given.map((node) => [node.id, node.sketch])),
    [first]: sketch(preprocess),
    ...Object.fromEntries(vision.map((node, index) => [names[index], sketch(node)])),
  };
  const edges = [
    ...given.map(({ output }) => `${output} > ${first}.image`),
    `${first}.pixels > ${names[0]}.pixels`,
    ...names.slice(1).map((name, index) => `${names[index]}.tokens > ${name}.tokens`),
    `${names.at(-1)}.tokens > language.visual`,
  ];
  return { nodes, edges };
}
