/** Recorded decoder-only language models: logits of the prompt, then a greedy continuation from the cache. */
import { ok } from '#engine/contract/outcome.ts';
import type { TensorMap } from '#host/sessions/sessions.ts';
import { compareFloats, compareWholes, type Comparison } from './comparison.ts';
import { architectureOf } from './node-params.ts';
import type { RecordedCase, RecordedTensor } from './recorded-case.ts';
import { continueGreedily, openLanguageModel, joinPieces } from './recorded-language-model.ts';
import type { CaseCheck } from './case-check.ts';

/** Recorded outputs that are inner values of the graph. */
const tapOf: Readonly<Record<string, string>> = { embeddings: 'embeddings', block_0: 'block.0' };

export const checkLanguageModel: CaseCheck = async (recorded, workbench) => {
  const architecture = architectureOf(recorded.config);
  if (typeof architecture === 'string') return { unsupported: architecture };
  const { folder, outputs, atol } = recorded;
  const taps = Object.entries(tapOf).flatMap(([name, tap]) => (outputs.has(name) ? [tap] : []));
  const model = await openLanguageModel({ architecture, folder, taps }, workbench);
  if (!model.ok) return model;

  const steps = outputs.get('greedy_ids')?.shape.at(-1) ?? 0;
  const computed = new Computed(recorded);
  for (const row of rowsOf(recorded)) {
    const rows = await model.value.embed(row.ids);
    const results = joinPieces(await model.value.begin(rows, [], 'all', steps));
    const logits = floats(results, 'logits');
    computed.add('logits', logits, row.padding);
    for (const [name, tap] of Object.entries(tapOf)) {
      if (outputs.has(name)) computed.add(name, floats(results, `tap.${tap}`), row.padding);
    }
    const last = logits.subarray(logits.length - architecture.vocabularySize);
    const continuation = await continueGreedily(model.value, last, steps);
    computed.add('step_logits', continuation.logits, 0);
    computed.ids.push(...continuation.ids);
  }
  const floatsCompared = [...outputs.keys()].flatMap((name) => computed.compare(name, atol));
  const ids = Array.from((outputs.get('greedy_ids') as RecordedTensor).data);
  return ok([...floatsCompared, compareWholes('greedy_ids', computed.ids, ids)]);
};

interface PromptRow {
  readonly ids: readonly number[];
  /** Places before the prompt that the reference fills up and masks. */
  readonly padding: number;
}

/** The prompts of a batch, each without its padding: one that is masked out changes nothing. */
function rowsOf({ inputs }: RecordedCase): readonly PromptRow[] {
  const { shape, data } = inputs.get('input_ids') as RecordedTensor;
  const mask = inputs.get('attention_mask')?.data;
  const [batch = 1, length = 0] = shape;
  return Array.from({ length: batch }, (_, row) => {
    const ids = Array.from(data.slice(row * length, (row + 1) * length));
    const padding = mask ? ids.filter((_id, place) => mask[row * length + place] === 0).length : 0;
    return { ids: ids.slice(padding), padding };
  });
}

/** Collects the rows of a batch; the padding of each is zeros, as it is recorded. */
class Computed {
  readonly ids: number[] = [];
  readonly #numbers = new Map<string, number[]>();
  readonly #recorded: RecordedCase;

  constructor(recorded: RecordedCase) {
    this.#recorded = recorded;
  }

  add(name: string, numbers: Float32Array, padding: number): void {
    const width = this.#recorded.outputs.get(name)?.shape.at(-1) ?? 0;
    const all = this.#numbers.get(name) ?? [];
    this.#numbers.set(name, all);
    for (let place = 0; place < padding * width; place++) all.push(0);
    for (const number of numbers) all.push(number);
  }

  compare(name: string, atol: number): readonly Comparison[] {
    const numbers = this.#numbers.get(name);
    const expected = this.#recorded.outputs.get(name);
    return numbers && expected
      ? [compareFloats(name, Float32Array.from(numbers), expected, atol)]
      : [];
  }
}

function floats(results: TensorMap, name: string): Float32Array {
  return results[name]?.data as Float32Array;
}
