/** One ONNX graph as plain data: what the builder makes, the writer encodes and the estimator reads. */
import type { Dim, Value } from './value.ts';
import type { WeightEntry, WeightOrigin } from './weight.ts';

export type Domain = '' | 'com.microsoft';

export type Attribute =
  | { readonly float: number }
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly text: string }
  | { readonly graph: Branch };

/** A graph inside an operator; it may read every value of the graph around it. */
export interface Branch {
  /** What each step of a scan is given; a branch of a choice has none. */
  readonly inputs: readonly Value[];
  readonly nodes: readonly OnnxNode[];
  readonly outputs: readonly Value[];
}

export interface OnnxNode {
  readonly name: string;
  readonly op: string;
  readonly domain: Domain;
  /** An empty name leaves an optional input out. */
  readonly inputs: readonly string[];
  /** Null leaves an optional output out. */
  readonly outputs: readonly (Value | null)[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** A small tensor written into the graph itself. */
export interface Constant {
  readonly value: Value;
  readonly data: readonly number[];
}

/** Arithmetic of one operator: multiply-adds, times the product of the symbolic sizes named. */
export interface WorkTerm {
  readonly scope: string;
  readonly multiplyAdds: number;
  readonly dims: readonly Dim[];
}

export interface StageModel {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly nodes: readonly OnnxNode[];
  readonly constants: readonly Constant[];
  readonly weights: readonly WeightEntry[];
  readonly origins: readonly WeightOrigin[];
  readonly work: readonly WorkTerm[];
}

/** ONNX Runtime 1.30 accepts operator sets up to 26 and IR versions up to 13. */
export const opsetVersions: Readonly<Record<Domain, number>> = { '': 23, 'com.microsoft': 1 };
export const irVersion = 10;
