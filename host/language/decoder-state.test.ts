/** A state goes back to where it was, and on over what is known: keys and values by a cut, recurrent tensors by running again. */
import { describe, expect, test } from 'vitest';
import type { KeyValueTensor, StateTensor } from '#engine/node/decoder-protocol.ts';
import { float32, type Tensor } from '../sessions/sessions.ts';
import { DecoderState } from './decoder-state.ts';

const keyValue = (name: string, segment: number): KeyValueTensor => ({
  kind: 'key-value',
  name,
  heads: 1,
  size: 1,
  segment,
});
const recurrent: StateTensor = { kind: 'recurrent', name: '1.memory', shape: [1, 2] };
const nothing = { certain: 0, possible: 0 };

/** Keys are the tokens themselves; a recurrent layer remembers how many there were and their sum. */
class Model {
  readonly state: DecoderState;
  readonly #tensors: readonly StateTensor[];

  constructor(tensors: readonly StateTensor[], segments: number) {
    this.#tensors = tensors;
    this.state = new DecoderState({ state: tensors, segments });
  }

  /** What each segment is given. */
  read(...tokens: readonly (readonly number[])[]): void {
    const outputs: Record<string, Tensor> = {};
    const feeds = this.state.feeds();
    for (const tensor of this.#tensors) {
      const ids = tokens[tensor.kind === 'key-value' ? tensor.segment : 0] as readonly number[];
      const past = feeds[`past.${tensor.name}`]?.data as Float32Array;
      const sum = ids.reduce((total, id) => total + id, 0);
      outputs[`new.${tensor.name}`] =
        tensor.kind === 'key-value'
          ? float32(Float32Array.from(ids), [1, 1, ids.length, 1])
          : float32(Float32Array.of((past[0] ?? 0) + ids.length, (past[1] ?? 0) + sum), [1, 2]);
    }
    const added = tokens.map((ids) => ids.length);
    this.state.take(outputs, added, nothing);
    // What was taken may go.
    expect(outputs).toEqual({});
  }

  /** Numbers of each tensor, as far as tokens are cached. */
  get holds(): Readonly<Record<string, readonly number[]>> {
    const feeds = this.state.feeds();
    return Object.fromEntries(
      this.#tensors.map((tensor) => {
        const numbers = Array.from(feeds[`past.${tensor.name}`]?.data as Float32Array);
        const { length } = this.state;
        return [
          tensor.name,
          tensor.kind === 'key-value' ? numbers.slice(0, length[tensor.segment]) : numbers,
        ];
      }),
    );
  }
}

describe('keys and values', () => {
  test('are cut off behind what is kept, in every segment, and nothing has to run again', () => {
    const model = new Model([keyValue('0.key', 0), keyValue('1.key', 1)], 2);
    model.read([1, 2, 3, 4], [1, 4]);
    const mark = model.state.mark();
    model.read([5, 6, 7], [5, 6, 7]);
    expect(model.state.rewind(mark, 2)).toBe(0);
    expect(model.holds).toEqual({ '0.key': [1, 2, 3, 4, 5, 6], '1.key': [1, 4, 5, 6] });
    model.read([8], [8]);
    expect(model.state.length).toEqual([7, 5]);
    expect(model.holds['1.key']).toEqual([1, 4, 5, 6, 8]);
    // The mark is of a sequence whose first four tokens are still those.
    expect(model.state.rewind(mark, 0)).toBe(0);
    expect(model.holds).toEqual({ '0.key': [1, 2, 3, 4], '1.key': [1, 4] });
  });

  test('of layers that a token never reached are none of it', () => {
    const model = new Model([keyValue('0.key', 0), keyValue('1.key', 1)], 2);
    model.read([1, 2], [1, 2]);
    const mark = model.state.mark();
    model.read([3], []);
    model.read([4], []);
    expect(model.state.length).toEqual([4, 2]);
    model.state.rewind(mark, 0);
    expect(model.holds).toEqual({ '0.key': [1, 2], '1.key': [1, 2] });
  });

  test('grow beyond the mark and are there when it is returned to', () => {
    const model = new Model([keyValue('0.key', 0)], 1);
    model.read([1, 2, 3]);
    const mark = model.state.mark();
    const many = Array.from({ length: 200 }, (_, place) => 10 + place);
    for (const token of many) model.read([token]);
    model.state.rewind(mark, 100);
    expect(model.holds['0.key']).toEqual([1, 2, 3, ...many.slice(0, 100)]);
  });
});

describe('keys and values of a window', () => {
  const window = 4;
  const sliding = [keyValue('0.key', 0), { ...keyValue('1.key', 0), window } as const];
  const tokens = (from: number, count: number) =>
    Array.from({ length: count }, (_, place) => from + place);
  /** The last tokens that the window's layer holds, as many as the next one sees. */
  const seen = ({ state }: Model): readonly number[] => {
    const held = state.windowLength[0] as number;
    const numbers = state.feeds()['past.1.key']?.data as Float32Array;
    return Array.from(numbers.subarray(Math.max(0, held - window + 1), held));
  };

  test('are cut off where it did not slide on too far, and else are there as they were at the mark', () => {
    const model = new Model(sliding, 1);
    model.read(tokens(0, 30));
    const mark = model.state.mark();
    model.read(tokens(30, 60));
    expect(model.state.rewind(mark, 5)).toBe(0);
    expect(seen(model)).toEqual([32, 33, 34]);
    for (const token of tokens(35, 500)) model.read([token]);
    // The 5 tokens have to be read again.
    expect(model.state.rewind(mark, 5)).toBe(5);
    expect(model.state.length).toEqual([30]);
    expect(seen(model)).toEqual([27, 28, 29]);
    expect(model.holds['0.key']).toEqual(tokens(0, 30));

    // Another answer, and another one, each as long as it likes.
    for (const start of [1000, 2000]) {
      for (const token of tokens(start, 300)) model.read([token]);
      expect(seen(model)).toEqual(tokens(start + 297, 3));
      model.state.rewind(mark, 0);
      expect(seen(model)).toEqual([27, 28, 29]);
      model.read([7]);
      expect(seen(model)).toEqual([28, 29, 7]);
    }
  });

  test('go on from a mark that was taken after some were dropped', () => {
    const model = new Model(sliding, 1);
    for (const token of tokens(0, 400)) model.read([token]);
    const mark = model.state.mark();
    model.read(tokens(400, 256));
    expect(model.state.rewind(mark, 0)).toBe(0);
    expect(seen(model)).toEqual([397, 398, 399]);
    expect(model.state.length).toEqual([400]);
  });
});

describe('what a recurrent layer remembers', () => {
  test('is there only as it was at the mark: what is kept has to run again', () => {
    const model = new Model([recurrent], 1);
    model.read([1, 2]);
    const mark = model.state.mark();
    model.read([3, 4, 5]);
    expect(model.holds['1.memory']).toEqual([5, 15]);
    expect(model.state.rewind(mark, 2)).toBe(2);
    expect(model.holds['1.memory']).toEqual([2, 3]);
    expect(model.state.length).toEqual([2]);
    model.read([3, 4]);
    expect(model.holds['1.memory']).toEqual([4, 10]);
    expect(model.state.length).toEqual([4]);
  });

  test('beside keys and values takes them back with it, so that both run again', () => {
    const model = new Model([keyValue('0.key', 0), recurrent], 1);
    model.read([1, 2]);
    const mark = model.state.mark();
    model.read([3, 4, 5]);
    expect(model.state.rewind(mark, 1)).toBe(1);
    expect(model.holds).toEqual({ '0.key': [1, 2], '1.memory': [2, 3] });
    model.read([3]);
    expect(model.holds).toEqual({ '0.key': [1, 2, 3], '1.memory': [3, 6] });
    expect([model.state.keyValueBytes > 0, model.state.recurrentBytes]).toEqual([true, 8]);
  });

  test('is nothing at the start of each sequence, whatever is still marked', () => {
    const model = new Model([keyValue('0.key', 0), recurrent], 1);
    model.read([1, 2]);
    const mark = model.state.mark();
    model.state.clear();
    expect(model.holds).toEqual({ '0.key': [], '1.memory': [0, 0] });
    model.read([9]);
    expect(model.holds['1.memory']).toEqual([1, 9]);
    expect(mark.recurrent[0]?.data).toEqual(Float32Array.of(2, 3));
  });
});

test('a state is cut where one likes, but for what a recurrent layer remembers', () => {
  const model = new Model([keyValue('0.key', 0), keyValue('1.key', 1)], 2);
  model.read([1, 2, 3], [1, 2, 3]);
  expect(model.state.cutTo(2)).toBe(true);
  expect(model.holds).toEqual({ '0.key': [1, 2], '1.key': [1, 2] });
  const mixed = new Model([keyValue('0.key', 0), recurrent], 1);
  mixed.read([1, 2, 3]);
  expect(mixed.state.cutTo(2)).toBe(false);
  expect(mixed.holds).toEqual({ '0.key': [1, 2, 3], '1.memory': [3, 6] });
});
