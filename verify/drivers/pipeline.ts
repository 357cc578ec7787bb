/**
 * Cases of whole models, checked three times: what the processor makes of raw pictures, clips and prompt, the model
 * on exactly the recorded inputs, and the whole way as a graph, from files to the answer.
 */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import type { JsonObject } from '#engine/contract/config-files.ts';
import type { VisualRun } from '#engine/node/segments.ts';
import {
  runOf,
  visualShares,
  visualSpans,
  type VisualSpan,
} from '#host/language/prompt-sequence.ts';
import { float32, type Tensor } from '#host/sessions/sessions.ts';
import { layOutViews } from '#host/text/lay-out-views.ts';
import { buildPrompt } from '#host/text/prompt.ts';
import { openTokenizer } from '#host/text/open-tokenizer.ts';
import { pictureLayout, type PictureLayoutName } from '#nodes/language/picture-layouts.ts';
import type { Driver } from './case-check.ts';
import type { PipelineRow, PipelineWay } from '../cases/rows/pipeline-row.ts';
import { compareTensors, type Comparison, type ComputedTensor } from '../cases/comparison.ts';
import { heldPictures } from './held-pictures.ts';
import { inputName, type RecordedCase, type RecordedTensor } from '../cases/recorded-case.ts';
import { continueGreedily, joinPieces, openLanguageModel } from './recorded-language-model.ts';
import { numbersOf, runViews } from './run-views.ts';
import type { Workbench } from '../workbench.ts';
import { pixelsOf, preparedField } from './prepared-fields.ts';
import { forPicture, prepareAlone, type PreparedPictures } from './preprocess.ts';
import { rawSources } from './raw-sources.ts';
import { setPipeline, type PipelineNodes, type SetWay } from './set-pipeline.ts';
import { compareWholeWay, type AskedQuestion } from './whole-pipeline.ts';

export const pipelineDriver: Driver<PipelineRow> = async (row, recorded, workbench) => {
  const raw = await rawSources(recorded);
  try {
    const nodes = setPipeline(row, recorded, raw.of);
    if (typeof nodes === 'string') return { unsupported: nodes };
    const sized = await forPictures(nodes);
    return sized.ok ? await comparePipeline(sized.value, recorded, workbench) : sized;
  } finally {
    await raw.clear();
  }
};

/** What prepares pictures of one size is told that of the first. */
async function forPictures(nodes: PipelineNodes): Promise<Outcome<PipelineNodes>> {
  const ways: SetWay[] = [];
  for (const way of nodes.ways) {
    const [source] = way.sources;
    const preprocess = source ? await forPicture(way.preprocess, source) : ok(way.preprocess);
    if (!preprocess.ok) return preprocess;
    ways.push({ ...way, preprocess: preprocess.value });
  }
  return ok({ ...nodes, ways });
}

async function comparePipeline(
  nodes: PipelineNodes,
  recorded: RecordedCase,
  workbench: Workbench,
): Promise<Outcome<readonly Comparison[]>> {
  const seen: SeenWay[] = [];
  for (const way of nodes.ways) {
    const prepared = await prepareAlone(way.preprocess, way.sources);
    if (!prepared.ok) return prepared;
    const features = await runWay(way, prepared.value, recorded, workbench);
    if (!features.ok) return features;
    seen.push(features.value);
  }
  const question = questionOf(nodes, recorded);
  const inputs = await compareInputs(nodes, seen, question, recorded);
  if (!inputs.ok) return inputs;
  const model = await compareModel(nodes, seen, recorded, workbench);
  if (!model.ok) return model;
  const whole = await compareWholeWay(nodes, question, recorded, workbench);
  return whole.ok ? ok([...inputs.value, ...model.value, ...whole.value]) : whole;
}

/**
 * A recorded prompt that is rendered already is, with its markers, a template without a question. Else it is the
 * question, behind the marker.
 */
function questionOf(
  { template, spellings = [] }: PipelineNodes,
  { prompt = '' }: RecordedCase,
): AskedQuestion {
  const spelt = spellings.reduce((text, [theirs, own]) => text.replace(theirs, own), prompt);
  return template === undefined
    ? { template: `${spelt}{prompt}`, prompt: '' }
    : { template, prompt: spelt.replace('<image>', '') };
}

interface SeenWay {
  readonly way: PipelineWay;
  readonly prepared: PreparedPictures;
  /** Id that stands for one of its visual tokens. */
  readonly token: number;
  /** Of all its pictures or clips, [count · D]. */
  readonly features: Float32Array;
  readonly runs: readonly VisualSpan[];
}

/** Exactly the recorded pixels through encoder and projector. */
async function runWay(
  { way, vision }: SetWay,
  prepared: PreparedPictures,
  recorded: RecordedCase,
  workbench: Workbench,
): Promise<Outcome<SeenWay>> {
  const { config } = recorded;
  const { batch, wire } = prepared;
  const pixels = float32(recordedPixels(way, recorded), pixelsOf(batch).shape);
  const batches = [{ ...batch, tensors: { '': pixels } }];
  const seen = await runViews(vision, { port: 'pixels', wire, batches }, workbench);
  if (!seen.ok) return seen;
  const features = numbersOf(seen.value.batches);
  const given = seen.value.wire;
  const tokenRows = given.kind === 'tokens' ? given.grid?.rows : undefined;
  const runs = visualSpans({ kind: 'tensors', batches: seen.value.batches }, tokenRows);
  return ok({ way, prepared, token: Number(config[way.token]), features, runs });
}

/** As the views have them, whatever way the processor lays them. */
function recordedPixels({ pixels, patches }: PipelineWay, recorded: RecordedCase): Float32Array {
  if (!patches) return Float32Array.from((recorded.inputs.get(pixels) as RecordedTensor).data);
  const { grids: sizes, held } = patches;
  const pictures = heldPictures(
    { pixels, sizes, held },
    { inputs: recorded.inputs, config: processorOf(recorded) },
  );
  // A picture is its own second frame.
  const firsts = pictures.map(({ data, frames }) => data.subarray(0, data.length / frames));
  return Float32Array.from(firsts.flatMap((data) => Array.from(data)));
}

const processorOf = ({ config, files }: RecordedCase): JsonObject =>
  files['preprocessor_config.json'] ?? config;

/** What is made of the raw pictures, clips and prompt. */
async function compareInputs(
  { language, places = {} }: PipelineNodes,
  seen: readonly SeenWay[],
  question: AskedQuestion,
  recorded: RecordedCase,
): Promise<Outcome<readonly Comparison[]>> {
  const { folder, inputs, atol, pixel_atol: pixelAtol = atol } = recorded;
  const processor = processorOf(recorded);
  const tokenizer = await openTokenizer(folder);
  if (!tokenizer.ok) return tokenizer;
  const layout = pictureLayout(language.params['pictureLayout'] as PictureLayoutName);
  const laidOut = ({ views, tokenRows }: VisualSpan) => layOutViews(layout, views, tokenRows);
  const shares = seen.flatMap(({ runs, token }) =>
    visualShares(runs, runs.map(laidOut)).map(({ count }) => ({ count, token })),
  );
  const runs = seen.flatMap((way) => way.runs);
  const built = buildPrompt({
    ...question,
    tokenizer: tokenizer.value,
    chat: null,
    runs: runs.map(({ media }) => media),
    marker: layout.marker,
    laid: runs.map(laidOut),
  });
  if (!built.ok) return built;
  const ids = built.value.segments.flatMap((segment) => {
    if (segment.kind === 'words') return segment.ids;
    const { token = 0, count = 0 } = shares[segment.run] ?? {};
    return Array.from({ length: count }, () => token);
  });
  const isVisual = (id: number): boolean => seen.some(({ token }) => token === id);
  // Nothing is an answer yet.
  const told = { visual: (id: number) => Number(isVisual(id)), answer: () => 0 };
  const row = { shape: [1, ids.length] };
  const compare = (name: string, computed: ComputedTensor, atolOf: number): Comparison =>
    compareTensors(inputName(name), computed, inputs.get(name) as RecordedTensor, atolOf);
  return ok([
    ...seen.flatMap(({ way, prepared: { batch } }) => [
      compare(
        way.pixels,
        preparedField(way.patches?.field ?? 'pixels', batch, processor),
        pixelAtol,
      ),
      ...Object.entries(way.fields ?? {}).map(([name, field]) =>
        compare(name, preparedField(field, batch, processor), 0),
      ),
    ]),
    compare('input_ids', { ...row, data: ids }, 0),
    // Nothing is filled up here, so every place is seen.
    compare('attention_mask', { ...row, data: ids.map(() => 1) }, 0),
    ...Object.entries(places).map(([name, which]) =>
      compare(name, { ...row, data: ids.map(told[which]) }, 0),
    ),
  ]);
}

/** Places that lie together and are all visual. */
function visualRuns(isVisual: readonly boolean[]): readonly VisualRun[] {
  const starts = [...isVisual.keys()].filter((place) => isVisual[place] && !isVisual[place - 1]);
  return starts.map((start) => {
    const end = isVisual.indexOf(false, start);
    return { start, count: (end < 0 ? isVisual.length : end) - start };
  });
}

/** With the grids of those that are a picture or a clip each. */
function onGrids(runs: readonly VisualRun[], seen: readonly SeenWay[]): readonly VisualRun[] {
  const spans = seen.flatMap((way) => way.runs).map(runOf);
  return runs.map((run, index) => {
    const span = spans[index];
    return span?.count === run.count ? { ...run, ...span } : run;
  });
}

/** The language model on exactly the recorded ids and what is seen at them. */
async function compareModel(
  { language: { definition, params }, positions }: PipelineNodes,
  seen: readonly SeenWay[],
  { inputs, outputs, atol }: RecordedCase,
  workbench: Workbench,
): Promise<Outcome<readonly Comparison[]>> {
  const wanted = { type: definition.type, params };
  const opened = await openLanguageModel({ language: wanted, parts: {}, taps: [] }, workbench);
  if (!opened.ok) return opened;
  const { model, vocabularySize, hiddenSize } = opened.value;
  const ids = Array.from((inputs.get('input_ids') as RecordedTensor).data);
  const isVisual = (id: number): boolean => seen.some(({ token }) => token === id);
  const words = await model.embed(ids.map((id) => (isVisual(id) ? 0 : id)));
  for (const { token, features } of seen) {
    const places = [...ids.keys()].filter((place) => ids[place] === token);
    const count = features.length / hiddenSize;
    if (places.length !== count)
      return fail(error('stage-failed', `${count} visual tokens, ${places.length} places.`));
    for (const [index, place] of places.entries())
      words.set(
        features.subarray(index * hiddenSize, (index + 1) * hiddenSize),
        place * hiddenSize,
      );
  }
  const visual = onGrids(visualRuns(ids.map(isVisual)), seen);
  const results = joinPieces(await model.begin(words, visual, 'all', 0));
  const logits = results['logits'] as Tensor;
  const expected = (name: string) => outputs.get(name) as RecordedTensor;
  const steps = expected('greedy_ids').shape.at(-1) ?? 0;
  const all = logits.data as Float32Array;
  const greedy = await continueGreedily(model, all.subarray(all.length - vocabularySize), steps);
  const computed: Readonly<Record<string, ComputedTensor>> = {
    ...Object.fromEntries(
      seen.flatMap(({ way: { features: name }, features: data }) =>
        name === undefined ? [] : [[name, { shape: [data.length / hiddenSize, hiddenSize], data }]],
      ),
    ),
    ...(positions !== undefined && {
      [positions]: {
        shape: [3, 1, ids.length],
        data: model.positionsOf(ids.length, visual).parts.flatMap((part) => Array.from(part)),
      },
    }),
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
