/** Test support: the formulas of papers, written out one number after the other in float64. */

export type Row = readonly number[];
export type Rows = readonly Row[];

/** [N · columns] → [N][columns] */
export function toRows(data: ArrayLike<number>, columns: number): Rows {
  const count = data.length / columns;
  return Array.from({ length: count }, (_, row) =>
    Array.from({ length: columns }, (_none, column) => data[row * columns + column] ?? NaN),
  );
}

export const dot = (a: Row, b: Row): number =>
  a.reduce((sum, number, index) => sum + number * (b[index] ?? NaN), 0);

/** Each row times the transpose of a weight [out][in], plus a bias [out]. */
export function linear(rows: Rows, weight: Rows, bias?: ArrayLike<number>): Rows {
  return rows.map((row) => weight.map((output, index) => dot(row, output) + (bias?.[index] ?? 0)));
}

export function softmax(numbers: Row): Row {
  const most = Math.max(...numbers);
  const powers = numbers.map((number) => Math.exp(number - most));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

export function layerNorm(
  rows: Rows,
  weight: ArrayLike<number>,
  bias: ArrayLike<number>,
  epsilon: number,
): Rows {
  return rows.map((row) => {
    const mean = row.reduce((sum, number) => sum + number, 0) / row.length;
    const variance = row.reduce((sum, number) => sum + (number - mean) ** 2, 0) / row.length;
    const scale = 1 / Math.sqrt(variance + epsilon);
    return row.map(
      (number, index) => (number - mean) * scale * (weight[index] ?? NaN) + (bias[index] ?? NaN),
    );
  });
}

/**
 * Each query [heads · d] sees all keys; heads may share a key/value head, and `bias` is added to the scores
 * (−Infinity hides a key).
 */
export function attend(
  queries: Rows,
  keys: Rows,
  values: Rows,
  heads: number,
  keyValueHeads = heads,
  bias: (head: number, query: number, key: number) => number = () => 0,
): Rows {
  const size = (queries[0]?.length ?? 0) / heads;
  const cut = (row: Row, head: number, width: number): Row =>
    row.slice(head * width, (head + 1) * width);
  return queries.map((query, at) =>
    Array.from({ length: heads }, (_, head) => {
      const shared = Math.floor((head * keyValueHeads) / heads);
      const score = (key: Row, place: number) =>
        dot(cut(query, head, size), cut(key, shared, size)) / Math.sqrt(size) +
        bias(head, at, place);
      const weights = softmax(keys.map(score));
      const mine = values.map((row) => cut(row, shared, row.length / keyValueHeads));
      return (mine[0] ?? []).map((_number, channel) =>
        weights.reduce((sum, weight, place) => sum + weight * (mine[place]?.[channel] ?? NaN), 0),
      );
    }).flat(),
  );
}

/** x times the share of a normal distribution below it, by the power series of the error function. */
export function gelu(x: number): number {
  let [term, sum] = [x, x];
  for (let index = 1; Math.abs(term) > 1e-17; index++) {
    term *= -(x * x) / (2 * index);
    sum += term / (2 * index + 1);
  }
  return x * (0.5 + sum / Math.sqrt(2 * Math.PI));
}

export const geluTanh = (x: number): number =>
  0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
export const silu = (x: number): number => x / (1 + Math.exp(-x));
export const relu = (x: number): number => Math.max(0, x);

/** Largest difference of any two numbers at the same place; NaN and other lengths count as infinite. */
export function largestError(computed: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (computed.length !== expected.length) return Infinity;
  let largest = 0;
  for (let index = 0; index < expected.length; index++) {
    const error = Math.abs((computed[index] ?? NaN) - (expected[index] ?? NaN));
    if (!(error <= largest)) largest = Number.isNaN(error) ? Infinity : error;
  }
  return largest;
}
