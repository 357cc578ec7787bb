/**
 * Cases of whole models, checked three times: what the processor makes of the raw picture and prompt, the model
 * on exactly the recorded inputs, and the whole way as a graph, from the picture's file to the answer.
 */
import { join } from 'node:path';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import type { RunEvent } from '#engine/contract/run-event.ts';
import { sketchDocument, type NodeSketch } from '#engine/graph/sketch-document.ts';
import { outputPrefix } from '#engine/plan/node-body.ts';
import { executeRun } from '#host/runs/execute-run.ts';
import { CancelSwitch } from '#host/sessions/progress.ts';
import type { Tensor } from '#host/sessions/sessions.ts';
import { buildPrompt } from '#host/text/prompt.ts';
import { openTokenizer } from '#host/text/tokenizer.ts';
import type { Driver } from './case-check.ts';
import type { NodeSetting, PipelineRow } from '../cases/case-row.ts';
import { compareTensors, compareWholes, type Comparison } from '../cases/comparison.ts';
import { setNode, type SetNode } from './node-params.ts';
import { inputName, type RecordedCase, type RecordedTensor } from '../cases/recorded-case.ts';
import { continueGreedily, joinPieces, openLanguageModel } from './recorded-language-model.ts';
import { runChain } from './run-chain.ts';
import type { Workbench } from '../workbench.ts';
import { pixelsOf } from './preprocess.ts';

export const pipelineDriver: Driver<PipelineRow> = async (row, recorded, workbench) => {
  if (recorded.images?.length !== 1)
    return { unsupported: 'Several pictures in one prompt are not built yet.' };
  const nodes = setNodes(row, recorded);
  if (typeof nodes === 'string') return { unsupported: nodes };
  const prepared = await compareInputs(row, nodes, recorded);
  if (!prepared.ok) return prepared;
  const model = await compareModel(row, nodes, recorded, workbench);
  if (!model.ok) return model;
  const whole = await compareWholeWay(nodes, recorded, workbench);
  return whole.ok ? ok([...prepared.value, ...model.value, ...whole.value]) : whole;
};

interface PipelineNodes {
  readonly preprocess: SetNode;
  readonly vision: readonly SetNode[];
  readonly language: SetNode;
}

/** Each as the configuration has it, or what of it is not built. */
function setNodes(row: PipelineRow, recorded: RecordedCase): PipelineNodes | string {
  const set = (settings: readonly NodeSetting[]): SetNode | string => {
    const nodes = settings.map((setting) => setNode(setting, recorded, recorded.files));
    return nodes.find((node) => typeof node !== 'string') ?? (nodes[0] as string);
  };
  const preprocess = set([row.preprocess]);
  if (typeof preprocess === 'string') return preprocess;
  const vision: SetNode[] = [];
  for (const settings of row.vision) {
    const node = set(settings);
    if (typeof node === 'string') return node;
    vision.push(node);
  }
  const language = set([row.language]);
  return typeof language === 'string' ? language : { preprocess, vision, language };
}

/** The recorded prompt is rendered already: with the marker, it is a template without a question. */
const templateOf = ({ prompt = '' }: RecordedCase): string => `${prompt}{prompt}`;

async function compareInputs(
  { imageToken }: PipelineRow,
  { preprocess }: PipelineNodes,
  recorded: RecordedCase,
): Promise<Outcome<readonly Comparison[]>> {
  const { folder, inputs, images = [], config, atol } = recorded;
  const pixels = await pixelsOf(preprocess, join(folder, images[0] ?? ''));
  if (!pixels.ok) return pixels;
  const tokenizer = await openTokenizer(folder);
  if (!tokenizer.ok) return tokenizer;
  const built = buildPrompt({
    tokenizer: tokenizer.value,
    template: templateOf(recorded),
    chat: null,
    prompt: '',
    hasImage: true,
  });
  if (!built.ok) return built;
  const expected = (name: string) => inputs.get(name) as RecordedTensor;
  const visual = Array.from(expected('input_ids').data).filter((id) => id === config[imageToken]);
  const ids = [...built.value.before, ...visual, ...built.value.after];
  const row = { shape: [1, ids.length] };
  // Nothing is filled up here, so every place is seen.
  const mask = { ...row, data: ids.map(() => 1) };
  const pixelAtol = recorded.pixel_atol ?? atol;
  return ok([
    compareTensors(inputName('pixel_values'), pixels.value, expected('pixel_values'), pixelAtol),
    compareTensors(inputName('input_ids'), { ...row, data: ids }, expected('input_ids'), 0),
    compareTensors(inputName('attention_mask'), mask, expected('attention_mask'), 0),
  ]);
}

/** The model on exactly the recorded pixels and ids. */
async function compareModel(
  { imageToken, language }: PipelineRow,
  nodes: PipelineNodes,
  { config, inputs, outputs, atol }: RecordedCase,
  workbench: Workbench,
): Promise<Outcome<readonly Comparison[]>> {
  const wanted = { type: language.type, params: nodes.language.params };
  const opened = await openLanguageModel({ language: wanted, parts: {}, taps: [] }, workbench);
  if (!opened.ok) return opened;
  const { model, vocabularySize, hiddenSize } = opened.value;
  const pixels = inputs.get('pixel_values') as RecordedTensor;
  const given = [{ tensor: 'pixels', value: pixels }];
  const seen = await runChain(nodes.vision, given, 0, [], workbench);
  if (!seen.ok) return seen;
  const tokens = seen.value.tensors[`${outputPrefix}tokens`] as Tensor;
  const features = tokens.data as Float32Array;

  const ids = Array.from((inputs.get('input_ids') as RecordedTensor).data);
  const image = Number(config[imageToken]);
  const words = await model.embed(ids.map((id) => (id === image ? 0 : id)));
  const places = ids.filter((id) => id === image).length;
  if (places * hiddenSize !== features.length)
    return fail(error('stage-failed', `${tokens.dims[1]} visual tokens for ${places} places.`));
  words.set(features, ids.indexOf(image) * hiddenSize);
  const results = joinPieces(await model.begin(words, [], 'all', 0));
  const logits = results['logits'] as Tensor;
  const expected = (name: string) => outputs.get(name) as RecordedTensor;
  const steps = expected('greedy_ids').shape.at(-1) ?? 0;
  const all = logits.data as Float32Array;
  const greedy = await continueGreedily(model, all.subarray(all.length - vocabularySize), steps);
  const computed = {
    image_features: { shape: tokens.dims, data: features },
    logits: { shape: logits.dims, data: all },
    step_logits: { shape: [1, steps, vocabularySize], data: greedy.logits },
    greedy_ids: { shape: [1, steps], data: greedy.ids },
  };
  return ok(
    Object.entries(computed).map(([name, tensor]) =>
      compareTensors(name, tensor, expected(name), atol),
    ),
  );
}

/** The graph as a person would wire it, run as any other. */
async function compareWholeWay(
  { preprocess, vision, language }: PipelineNodes,
  recorded: RecordedCase,
  { loader }: Workbench,
): Promise<Outcome<readonly Comparison[]>> {
  const { folder, images = [], outputs } = recorded;
  const ids = outputs.get('greedy_ids') as RecordedTensor;
  const decoding = {
    template: templateOf(recorded),
    maxNewTokens: ids.shape.at(-1) ?? 1,
    stopAtEndOfText: false,
  };
  const sketch = ({ definition, params }: SetNode): NodeSketch => [definition.type, params];
  const source = { kind: 'file', path: join(folder, images[0] ?? '') };
  const names = vision.map((_, index) => `vision${index}`);
  const document = sketchDocument(
    {
      image: ['input/image', { source }],
      preprocess: sketch(preprocess),
      ...Object.fromEntries(vision.map((node, index) => [`vision${index}`, sketch(node)])),
      prompt: ['input/prompt', { text: '' }],
      language: [language.definition.type, { ...language.params, ...decoding }],
      answer: ['output/answer'],
    },
    [
      'image.image > preprocess.image',
      `preprocess.pixels > ${names[0]}.pixels`,
      ...names.slice(1).map((name, index) => `${names[index]}.tokens > ${name}.tokens`),
      `${names.at(-1)}.tokens > language.visual`,
      'prompt.text > language.prompt',
      'language.answer > answer.answer',
    ],
  );
  const events: RunEvent[] = [];
  const emit = (event: RunEvent): void => void events.push(event);
  const ran = await executeRun({ document, runs: 1 }, loader, emit, new CancelSwitch());
  if (!ran.ok) return ran;
  const answer = events.find((event) => event.type === 'answer');
  const name = 'greedy_ids from the raw picture';
  return ok([compareWholes(name, answer?.tokenIds ?? [], Array.from(ids.data))]);
}
