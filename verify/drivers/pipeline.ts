/**
 * Cases of whole models, checked three times: what the processor makes of the raw picture and prompt, the model
 * on exactly the recorded inputs, and the whole way as a graph, from the picture's file to the answer.
 */
import { join } from 'node:path';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import type { RunEvent } from '#engine/contract/run-event.ts';
import { sketchDocument, type NodeSketch } from '#engine/graph/sketch-document.ts';
import { visualSpans, type VisualSpan } from '#host/language/prompt-sequence.ts';
import { executeRun } from '#host/runs/execute-run.ts';
import { CancelSwitch } from '#host/sessions/progress.ts';
import { float32, type Tensor } from '#host/sessions/sessions.ts';
import type { Batch } from '#host/stages/stage-value.ts';
import { buildPrompt } from '#host/text/prompt.ts';
import { openTokenizer } from '#host/text/tokenizer.ts';
import type { Driver } from './case-check.ts';
import type { NodeSetting, PipelineRow } from '../cases/case-row.ts';
import { compareTensors, compareWholes, type Comparison } from '../cases/comparison.ts';
import { setNode, type SetNode } from './node-params.ts';
import { inputName, type RecordedCase, type RecordedTensor } from '../cases/recorded-case.ts';
import { continueGreedily, joinPieces, openLanguageModel } from './recorded-language-model.ts';
import { numbersOf, runViews } from './run-views.ts';
import type { Workbench } from '../workbench.ts';
import { pixelsOf, prepareAlone, sizesOf, type PreparedPictures } from './preprocess.ts';

export const pipelineDriver: Driver<PipelineRow> = async (row, recorded, workbench) => {
  const nodes = setNodes(row, recorded);
  if (typeof nodes === 'string') return { unsupported: nodes };
  const { folder, images = [] } = recorded;
  const paths = images.map((name) => join(folder, name));
  const prepared = await prepareAlone(nodes.preprocess, paths);
  if (!prepared.ok) return prepared;
  const model = await compareModel(row, nodes, prepared.value, recorded, workbench);
  if (!model.ok) return model;
  const inputs = await compareInputs(prepared.value.batch, model.value, row, recorded);
  if (!inputs.ok) return inputs;
  const whole = await compareWholeWay(nodes, paths, recorded, workbench);
  return whole.ok ? ok([...inputs.value, ...model.value.comparisons, ...whole.value]) : whole;
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
  batch: Batch,
  { runs }: ComparedModel,
  { imageToken }: PipelineRow,
  recorded: RecordedCase,
): Promise<Outcome<readonly Comparison[]>> {
  const { folder, inputs, config, atol } = recorded;
  const tokenizer = await openTokenizer(folder);
  if (!tokenizer.ok) return tokenizer;
  const built = buildPrompt({
    tokenizer: tokenizer.value,
    template: templateOf(recorded),
    chat: null,
    prompt: '',
    runs: runs.map(({ media }) => media),
  });
  if (!built.ok) return built;
  const expected = (name: string) => inputs.get(name) as RecordedTensor;
  const ids = built.value.segments.flatMap((segment) =>
    segment.kind === 'words'
      ? segment.ids
      : Array.from({ length: runs[segment.run]?.count ?? 0 }, () => Number(config[imageToken])),
  );
  const row = { shape: [1, ids.length] };
  // Nothing is filled up here, so every place is seen.
  const mask = { ...row, data: ids.map(() => 1) };
  const pixelAtol = recorded.pixel_atol ?? atol;
  const pixels = pixelsOf(batch);
  return ok([
    ...(inputs.has('image_sizes')
      ? [compareTensors(inputName('image_sizes'), sizesOf(batch), expected('image_sizes'), 0)]
      : []),
    compareTensors(inputName('pixel_values'), pixels, expected('pixel_values'), pixelAtol),
    compareTensors(inputName('input_ids'), { ...row, data: ids }, expected('input_ids'), 0),
    compareTensors(inputName('attention_mask'), mask, expected('attention_mask'), 0),
  ]);
}

interface ComparedModel {
  readonly comparisons: readonly Comparison[];
  /** The visual tokens of each picture. */
  readonly runs: readonly VisualSpan[];
}

/** The model on exactly the recorded pixels and ids. */
async function compareModel(
  { imageToken, language }: PipelineRow,
  nodes: PipelineNodes,
  { batch, wire }: PreparedPictures,
  { config, inputs, outputs, atol }: RecordedCase,
  workbench: Workbench,
): Promise<Outcome<ComparedModel>> {
  const wanted = { type: language.type, params: nodes.language.params };
  const opened = await openLanguageModel({ language: wanted, parts: {}, taps: [] }, workbench);
  if (!opened.ok) return opened;
  const { model, vocabularySize, hiddenSize } = opened.value;
  const { data } = inputs.get('pixel_values') as RecordedTensor;
  const pixels = float32(Float32Array.from(data), pixelsOf(batch).shape);
  const batches = [{ ...batch, tensors: { '': pixels } }];
  const seen = await runViews(nodes.vision, { port: 'pixels', wire, batches }, workbench);
  if (!seen.ok) return seen;
  const features = numbersOf(seen.value.batches);
  const runs = visualSpans({ kind: 'tensors', batches: seen.value.batches });

  const ids = Array.from((inputs.get('input_ids') as RecordedTensor).data);
  const image = Number(config[imageToken]);
  const words = await model.embed(ids.map((id) => (id === image ? 0 : id)));
  const places = [...ids.keys()].filter((place) => ids[place] === image);
  const visualCount = features.length / hiddenSize;
  if (places.length !== visualCount)
    return fail(error('stage-failed', `${visualCount} visual tokens, ${places.length} places.`));
  for (const [token, place] of places.entries())
    words.set(features.subarray(token * hiddenSize, (token + 1) * hiddenSize), place * hiddenSize);
  const results = joinPieces(await model.begin(words, [], 'all', 0));
  const logits = results['logits'] as Tensor;
  const expected = (name: string) => outputs.get(name) as RecordedTensor;
  const steps = expected('greedy_ids').shape.at(-1) ?? 0;
  const all = logits.data as Float32Array;
  const greedy = await continueGreedily(model, all.subarray(all.length - vocabularySize), steps);
  const computed = {
    image_features: { shape: [visualCount, hiddenSize], data: features },
    logits: { shape: logits.dims, data: all },
    step_logits: { shape: [1, steps, vocabularySize], data: greedy.logits },
    greedy_ids: { shape: [1, steps], data: greedy.ids },
  };
  const comparisons = Object.entries(computed).map(([name, tensor]) =>
    compareTensors(name, tensor, expected(name), atol),
  );
  return ok({ comparisons, runs });
}

/** The graph as a person would wire it, run as any other. */
async function compareWholeWay(
  { preprocess, vision, language }: PipelineNodes,
  paths: readonly string[],
  recorded: RecordedCase,
  { loader }: Workbench,
): Promise<Outcome<readonly Comparison[]>> {
  const { outputs } = recorded;
  const ids = outputs.get('greedy_ids') as RecordedTensor;
  const decoding = {
    template: templateOf(recorded),
    maxNewTokens: ids.shape.at(-1) ?? 1,
    stopAtEndOfText: false,
  };
  const sketch = ({ definition, params }: SetNode): NodeSketch => [definition.type, params];
  const images = paths.map(
    (path, index) =>
      [`image${index}`, ['input/image', { source: { kind: 'file', path } }]] as const,
  );
  const names = vision.map((_, index) => `vision${index}`);
  const document = sketchDocument(
    {
      ...Object.fromEntries(images),
      preprocess: sketch(preprocess),
      ...Object.fromEntries(vision.map((node, index) => [`vision${index}`, sketch(node)])),
      prompt: ['input/prompt', { text: '' }],
      language: [language.definition.type, { ...language.params, ...decoding }],
      answer: ['output/answer'],
    },
    [
      ...images.map(([id]) => `${id}.image > preprocess.image`),
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
  const name = 'greedy_ids from the raw pictures';
  return ok([compareWholes(name, answer?.tokenIds ?? [], Array.from(ids.data))]);
}
