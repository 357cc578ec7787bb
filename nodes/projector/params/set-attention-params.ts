/** Parameters that the blocks of a Set Transformer share. */
export const setAttentionParams = {
  headCount: {
    kind: 'integer',
    label: 'Heads',
    help: 'Into how many heads the output width is cut.',
    default: 4,
    min: 1,
    max: 1024,
  },
  norms: {
    kind: 'flag',
    label: 'Norms',
    help: 'A LayerNorm behind each of the two sums of a block.',
    default: true,
  },
} as const;
