/** Recurrent tensors are replaced whole, and a memory of them is not changed by what comes after. */
import { expect, test } from 'vitest';
import { float32, type Tensor } from '../sessions/sessions.ts';
import { RecurrentState } from './recurrent-state.ts';

const shapes = [
  { kind: 'recurrent', name: '0.convolution', shape: [1, 4, 3] },
  { kind: 'recurrent', name: '0.scan', shape: [1, 4, 2] },
] as const;

const outputsOf = (value: number): Record<string, Tensor> => ({
  'new.0.convolution': float32(new Float32Array(12).fill(value), [1, 4, 3]),
  'new.0.scan': float32(new Float32Array(8).fill(-value), [1, 4, 2]),
  logits: float32(Float32Array.of(value), [1]),
});

const firstNumbers = (state: RecurrentState) =>
  Object.entries(state.feeds()).map(([name, { data }]) => [name, data[0]]);

test('begins with zeros of the declared shapes, and takes its own out of the outputs', () => {
  const state = new RecurrentState(shapes);
  const begun = state.feeds();
  expect(Object.keys(begun)).toEqual(['past.0.convolution', 'past.0.scan']);
  expect(Object.values(begun).map(({ dims }) => dims)).toEqual([
    [1, 4, 3],
    [1, 4, 2],
  ]);
  expect(begun['past.0.convolution']?.data).toEqual(new Float32Array(12));
  expect(state.sizeBytes).toBe(4 * (12 + 8));

  const outputs = outputsOf(7);
  state.take(outputs);
  expect(Object.keys(outputs)).toEqual(['logits']);
  expect(firstNumbers(state)).toEqual([
    ['past.0.convolution', 7],
    ['past.0.scan', -7],
  ]);
  expect(state.sizeBytes).toBe(4 * (12 + 8));
});

test('is written over in turn, but never while a snapshot holds it', () => {
  const state = new RecurrentState(shapes);
  const begun = Object.values(state.feeds());
  expect(state.places()).toEqual({});
  const first = outputsOf(1);
  const { 'new.0.convolution': convolution, 'new.0.scan': scan } = first;
  state.take(first);
  expect(Object.values(state.places())).toEqual(begun);
  state.take(outputsOf(2));
  expect(state.places()['new.0.convolution']).toBe(convolution);
  expect(state.places()['new.0.scan']).toBe(scan);

  const snapshot = state.snapshot();
  state.take(outputsOf(3));
  expect(state.places()).toEqual({});
  state.restore(snapshot);
  state.take(outputsOf(4));
  expect(state.places()).toEqual({});
  expect(snapshot.map(({ data }) => data[0])).toEqual([2, -2]);
});

test('is as it was once a snapshot is restored, however often, and nothing after it is cleared', () => {
  const state = new RecurrentState(shapes);
  state.take(outputsOf(1));
  const snapshot = state.snapshot();
  for (const value of [2, 3]) {
    state.take(outputsOf(value));
    state.restore(snapshot);
    expect(firstNumbers(state).map(([, number]) => number)).toEqual([1, -1]);
  }
  state.clear();
  expect(firstNumbers(state).map(([, number]) => number)).toEqual([0, 0]);
});
