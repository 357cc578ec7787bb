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

/** Each query [heads · d] sees all keys. */
export function attend(queries: Rows, keys: Rows, values: Rows, heads: number): Rows {
  const size = (queries[0]?.length ?? 0) / heads;
  return queries.map((query) =>
    Array.from({ length: heads }, (_, head) => {
      const cut = (row: Row): Row => row.slice(head * size, (head + 1) * size);
      const weights = softmax(keys.map((key) => dot(cut(query), cut(key)) / Math.sqrt(size)));
      return cut(query).map((_number, channel) =>
        weights.reduce(
          (sum, weight, place) => sum + weight * (values[place]?.[head * size + channel] ?? NaN),
          0,
        ),
      );
    }).flat(),
  );
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
