/** A row of a table of published decoders: what it is called, its sizes, and where it differs from the standard. */
import type { DecoderArchitecture } from '../architecture/decoder-architecture.ts';

export type Sizes = readonly [
  vocabulary: number,
  hidden: number,
  layers: number,
  heads: number,
  keyValueHeads: number,
  headSize: number,
  feedForward: number,
  context: number,
];

export type Row = readonly [label: string, sizes: Sizes, differs: Partial<DecoderArchitecture>];

export type Rows = Readonly<Record<string, Row>>;
