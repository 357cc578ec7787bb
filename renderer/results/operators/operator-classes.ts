/** Kinds of operators by what they are there for, each class with its hue in charts. Pure. */

export const operatorClasses = {
  product: { title: 'products', hue: 'var(--encoder)' },
  attention: { title: 'attention', hue: 'var(--language)' },
  norm: { title: 'norms', hue: 'var(--projector)' },
  other: { title: 'others', hue: 'var(--third-ink)' },
} as const;
export type OperatorClass = keyof typeof operatorClasses;

/** The first that matches: GroupQueryAttention is attention, although it multiplies. */
const patterns: readonly (readonly [RegExp, OperatorClass])[] = [
  [/attention|softmax/i, 'attention'],
  [/norm/i, 'norm'],
  [/matmul|gemm|conv|linear|qmoe/i, 'product'],
];

export const classOf = (kind: string): OperatorClass =>
  patterns.find(([pattern]) => pattern.test(kind))?.[1] ?? 'other';
