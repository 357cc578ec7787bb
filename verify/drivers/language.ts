/** Cases of language models: the prompt, inner values, and the continuation from the cache. */
import type { JsonObject } from '#engine/contract/config-files.ts';
import { ok } from '#engine/contract/outcome.ts';
import type { VisualRun } from '#engine/node/segments.ts';
import type { TensorMap } from '#host/sessions/sessions.ts';
import type { Driver } from './case-check.ts';
import type { LanguageRow, LanguageSource, LanguageVariant } from '../cases/rows/case-row.ts';
import { compareTensors, type ComputedTensor, type Comparison } from '../cases/comparison.ts';
import { setNode } from './node-params.ts';
import {
  continueGreedily,
  joinPieces,
  openLanguageModel,
  type OpenLanguageModel,
} from './recorded-language-model.ts';
import type { RecordedCase, RecordedTensor } from '../cases/recorded-case.ts';

export const languageDriver: Driver<LanguageRow> = async (row, recorded, workbench) => {
  const { files, outputs, atol } = recorded;
  const node = setNode(row.node, recorded, files);
  if (typeof node === 'string') return { unsupported: node };
  const parts: Record<string, PluggedIn> = {};
  for (const [port, setting] of Object.entries(row.parts ?? {})) {
    const part = setNode(setting, recorded, files);
    if (typeof part === 'string') return { unsupported: part };
    parts[port] = { type: setting.type, params: part.params };
  }
  const wanted = Object.entries(row.outputs)
    .filter(([name]) => outputs.has(name))
    .map(([name, source]): Wanted =>
      typeof source === 'string' ? { name, source, partParams: {} } : { name, ...source },
    );
  const language = { type: row.node.type, params: node.params };
  const paramsOf = ({ partParams }: Wanted): string => JSON.stringify(partParams);
  const comparisons: Comparison[] = [];
  // What stands for the same parameters comes from one model.
  for (const params of new Set(wanted.map(paramsOf))) {
    const group = wanted.filter((each) => paramsOf(each) === params);
    const plugged = withParams(parts, group[0]?.partParams ?? {});
    const taps = group.flatMap(({ source }) =>
      source.startsWith(tapPrefix) ? source.slice(tapPrefix.length) : [],
    );
    const model = await openLanguageModel({ language, parts: plugged, taps }, workbench);
    if (!model.ok) return model;
    const steps = stepsOf(row, recorded);
    const rows: Computed[] = [];
    for (const prompt of promptsOf(recorded))
      rows.push(
        await runPrompt(model.value, prompt, { visual: visualOf(row, recorded), steps, row }),
      );
    for (const { name, source } of group) {
      const expected = outputs.get(name) as RecordedTensor;
      comparisons.push(compareTensors(name, joined(rows, source, expected), expected, atol));
    }
  }
  return ok(comparisons);
};

interface PluggedIn {
  readonly type: string;
  readonly params: JsonObject;
}

interface Wanted extends LanguageVariant {
  readonly name: string;
}

function withParams(
  parts: Readonly<Record<string, PluggedIn>>,
  changed: LanguageVariant['partParams'],
): Readonly<Record<string, PluggedIn>> {
  return Object.fromEntries(
    Object.entries(parts).map(([port, { type, params }]) => [
      port,
      { type, params: { ...params, ...changed[port] } },
    ]),
  );
}

const tapPrefix = 'tap.';

interface Prompt {
  /** Ids, or embeddings [T, D] where those are recorded. */
  readonly ids: readonly number[];
  readonly embeddings: Float32Array | null;
  /** Places before the prompt that the reference fills up and masks. */
  readonly padding: number;
}

/** The prompts of a batch, each without its padding: one that is masked out changes nothing. */
function promptsOf({ inputs }: RecordedCase): readonly Prompt[] {
  const embedded = inputs.get('inputs_embeds');
  if (embedded) return [{ ids: [], embeddings: Float32Array.from(embedded.data), padding: 0 }];
  const { shape, data } = inputs.get('input_ids') as RecordedTensor;
  const mask = inputs.get('attention_mask')?.data;
  const [batch = 1, length = 0] = shape;
  return Array.from({ length: batch }, (_, row) => {
    const ids = Array.from(data.slice(row * length, (row + 1) * length));
    const padding = mask ? ids.filter((_id, place) => mask[row * length + place] === 0).length : 0;
    return { ids: ids.slice(padding), embeddings: null, padding };
  });
}

function visualOf({ visual }: LanguageRow, { config }: RecordedCase): readonly VisualRun[] {
  if (!visual) return [];
  return [{ start: Number(config[visual.start]), count: Number(config[visual.count]) }];
}

/** As many as are recorded: ids [.., steps], or the rows [steps, V] that they were taken from. */
function stepsOf({ outputs: sources }: LanguageRow, { outputs }: RecordedCase): number {
  const ids = Object.entries(sources).find(
    ([, each]) => (typeof each === 'string' ? each : each.source) === 'greedy.ids',
  )?.[0];
  return outputs.get(ids ?? '')?.shape.at(-1) ?? 0;
}

interface Computed {
  readonly padding: number;
  readonly results: TensorMap;
  readonly ids: readonly number[];
  /** [steps · V] */
  readonly stepLogits: Float32Array;
  /** By layer, behind the last step. */
  readonly cacheLengths: readonly number[];
}

interface Run {
  readonly visual: readonly VisualRun[];
  readonly steps: number;
  readonly row: Pick<LanguageRow, 'rereads'>;
}

async function runPrompt(
  { model, vocabularySize, layerSegments, remembered }: OpenLanguageModel,
  { ids, embeddings, padding }: Prompt,
  { visual, steps, row: { rereads } }: Run,
): Promise<Computed> {
  const sequence = embeddings ?? (await model.embed(ids));
  const pieces = joinPieces(await model.begin(sequence, visual, 'all', steps));
  const results = { ...pieces, ...remembered() };
  const logits = results['logits']?.data as Float32Array;
  const last = logits.subarray(logits.length - vocabularySize);
  const reread = async (written: readonly number[]): Promise<Float32Array> => {
    const all = new Float32Array([...sequence, ...(await model.embed(written))]);
    return model.prefill(all, visual, 0);
  };
  const continuation = await continueGreedily(model, last, steps, rereads ? reread : undefined);
  return {
    padding,
    results,
    ids: continuation.ids,
    stepLogits: continuation.logits,
    cacheLengths: layerSegments.map((segment) => model.state.length[segment] ?? 0),
  };
}

/** The rows of a batch behind one another; the padding of each is zeros, as it is recorded. */
function joined(
  rows: readonly Computed[],
  source: LanguageSource,
  expected: RecordedTensor,
): ComputedTensor {
  if (source === 'greedy.ids') {
    const ids = rows.flatMap((row) => row.ids);
    return { shape: [rows.length, ids.length / rows.length], data: ids };
  }
  if (source === 'cache.lengths') {
    const lengths = rows.flatMap((row) => row.cacheLengths);
    return { shape: [rows.length, lengths.length / rows.length], data: lengths };
  }
  if (source === 'greedy.logits') {
    const numbers = Float32Array.from(rows.flatMap(({ stepLogits }) => Array.from(stepLogits)));
    const steps = rows[0]?.ids.length ?? 0;
    return { shape: [rows.length, steps, numbers.length / rows.length / steps], data: numbers };
  }
  const parts = rows.map(({ results, padding }) => {
    const { dims, data } = results[source] as TensorMap[string];
    const numbers = data instanceof Float32Array ? data : Array.from(data as BigInt64Array, Number);
    const filled = Array<number>(padding * (dims.at(-1) ?? 0)).fill(0);
    return { dims, padding, numbers: [...filled, ...numbers] };
  });
  const numbers = parts.flatMap((part) => part.numbers);
  const isFloat = expected.data instanceof Float32Array;
  const { dims = [], padding = 0 } = parts[0] ?? {};
  const [, places = 0, ...rest] = dims;
  // An inner value without a batch of its own, such as the places kept, is one row.
  const shape = dims.length < 3 ? dims : [rows.length, padding + places, ...rest];
  return { shape, data: isFloat ? Float32Array.from(numbers) : numbers };
}
