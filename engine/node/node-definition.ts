/** What a node of the catalogue declares: data first, then two or three pure functions. */
import type { Json } from '../contract/document.ts';
import type { Outcome } from '../contract/outcome.ts';
import type { Problem } from '../contract/problem.ts';
import type { GraphBuilder, MatrixFormat } from '../onnx/graph-builder.ts';
import type { StageModel } from '../onnx/model.ts';
import type { Dim, DimBindings, Value } from '../onnx/value.ts';
import type { KeyLayout } from '../onnx/weight.ts';
import type { HostStep } from './host-step.ts';
import type { Params, ParamValues } from './param.ts';
import type { Part } from './part.ts';
import type { Shows } from './shows.ts';
import type { ConfigFiles } from '../contract/config-files.ts';
import type { TakenConfig } from './taken-config.ts';
import type { View } from './view.ts';
import type { WireKind, WireOf, WireType } from './wire.ts';

/** Families in the order of the palette; shape and hue tell them apart. */
export const families = {
  input: { title: 'Input', glyph: 'round' },
  vision: { title: 'Preprocessing', glyph: 'square' },
  text: { title: 'Text', glyph: 'square' },
  encoder: { title: 'Vision encoder', glyph: 'square' },
  fusion: { title: 'Fusion', glyph: 'diamond' },
  compression: { title: 'Token compression', glyph: 'diamond' },
  projector: { title: 'Projector', glyph: 'square' },
  moe: { title: 'Mixture of experts', glyph: 'diamond' },
  acceleration: { title: 'Acceleration', glyph: 'diamond' },
  weights: { title: 'Weights', glyph: 'diamond' },
  language: { title: 'Language model', glyph: 'square' },
  output: { title: 'Output', glyph: 'round' },
} as const;

export type Family = keyof typeof families;

/** What a port is to its node, for those who look for it whatever its name is. */
export type PortRole = 'picture' | 'visual' | 'prompt' | 'answer';

export interface Port {
  readonly kind: WireKind;
  readonly title: string;
  /** An input that may stay unwired, or an output that costs something only when wired. */
  readonly optional?: boolean;
  /** An input that takes several wires, in the order in which the document lists them. */
  readonly several?: boolean;
  readonly role?: PortRole;
}

export interface Reference {
  readonly title: string;
  readonly url: string;
}

/** What the consumer of an output asks of it, so that a width need not be typed twice. */
export interface Demand {
  readonly channels?: number | undefined;
  /** Side of the square picture. */
  readonly pixels?: number | undefined;
  /** The side it was trained on, where pictures of other sizes are taken too. */
  readonly usualPixels?: number | undefined;
  /** How many token ids it knows, from 0. */
  readonly vocabularySize?: number | undefined;
}

export type ByPort<Item> = Readonly<Record<string, Item>>;

/** Wires as inferred, by port; an unwired or unknown one is absent. */
export type WireTypes = ByPort<WireType | undefined>;

/** As a definition reads them: a list where the input takes several. */
export type WiresByPort = ByPort<WireType | readonly WireType[] | undefined>;

type Ports = ByPort<Port>;

/** The wires of declared ports: an optional input may have none, one that takes several has a list. */
type WiresOf<Declared extends Ports> = {
  readonly [Name in keyof Declared]: Declared[Name] extends { readonly several: true }
    ? readonly WireOf<Declared[Name]['kind']>[]
    : Declared[Name] extends { readonly optional: true }
      ? WireOf<Declared[Name]['kind']> | undefined
      : WireOf<Declared[Name]['kind']>;
};

/** Names of the tensors that carry declared ports; see `inputTensors`. */
type TensorNames<Declared extends Ports> = {
  readonly [Name in keyof Declared & string]: Declared[Name]['kind'] extends 'query-key'
    ? `${Name}.query` | `${Name}.key`
    : Declared[Name]['kind'] extends 'pixels' | 'tokens' | 'token-ids' | 'text-embeddings'
      ? Declared[Name] extends { readonly several: true }
        ? `${Name}.${number}`
        : Name
      : never;
}[keyof Declared & string];

export interface InferContext<P extends Params, In extends Ports> {
  /** The node's own id, for the edits of a mend. */
  readonly id: string;
  readonly params: ParamValues<P>;
  readonly inputs: WiresOf<In>;
  /** By output port. */
  readonly demands: ByPort<Demand | undefined>;
  /** Output ports that have a wire. */
  readonly wired: ReadonlySet<string>;
}

type OptionalNames<Declared extends Ports> = {
  readonly [Name in keyof Declared]: Declared[Name] extends { readonly optional: true }
    ? Name
    : never;
}[keyof Declared];

/** The wires that leave; an optional output that cannot be, and that nobody reads, has none. */
type OutputWires<Out extends Ports> = {
  readonly [Name in Exclude<keyof Out, OptionalNames<Out>>]: WireOf<Out[Name]['kind']>;
} & { readonly [Name in OptionalNames<Out>]?: WireOf<Out[Name]['kind']> };

/** `Found` is what else the inference has worked out and the body needs, such as a grid that there must be. */
export interface Inference<Out extends Ports, Found = unknown> {
  readonly outputs: OutputWires<Out>;
  readonly warnings?: readonly Problem[];
  readonly found?: Found;
}

export interface BodyContext<
  P extends Params,
  In extends Ports,
  Out extends Ports,
  Found = unknown,
> {
  readonly params: ParamValues<P>;
  readonly inputs: WiresOf<In>;
  readonly outputs: Inference<Out>['outputs'];
  readonly found: Found;
  /** Output ports that have a wire. */
  readonly wired: ReadonlySet<string>;
  /** What is plugged in, in the order of the wires. */
  readonly parts: readonly Part[];
  /** A graph with this node's own weights, in the format that it asks for or in `format`. */
  readonly newGraph: (emit: (g: GraphBuilder) => void, format?: MatrixFormat) => StageModel;
}

/** Whole numbers that follow from the views of one run; the graph reads them as a list [size] int64. */
export interface ViewFact {
  readonly size: Dim;
  of(views: readonly View[]): readonly number[];
}

export type ViewFacts = ByPort<ViewFact>;

/** What one run of a graph is given: any number of views at once, or one, or those of one picture or clip. */
export type RunsBy = 'views' | 'view' | 'item';

export type Body<P extends Params, In extends Ports, Out extends Ports, Found = unknown> =
  /** One ONNX graph, from the tensors of its input ports to those of its output ports. */
  | {
      readonly kind: 'onnx';
      /** `views` where absent: the graph takes its leading size from its inputs. Of `view`, it is 1. */
      readonly runsBy?: RunsBy;
      /** By the names under which `emit` is given them. */
      facts?(context: BodyContext<P, In, Out, Found>): ViewFacts;
      /** Expected sizes of the symbols that the graph introduces, for the estimate. */
      dims?(context: BodyContext<P, In, Out, Found>): DimBindings;
      emit(
        g: GraphBuilder,
        inputs: Readonly<Record<TensorNames<In>, Value>>,
        context: BodyContext<P, In, Out, Found>,
        facts: ByPort<Value>,
      ): Readonly<Partial<Record<TensorNames<Out>, Value>>>;
    }
  /** Work that the host does itself, such as decoding an image or the decode loop. */
  | { readonly kind: 'host'; step(context: BodyContext<P, In, Out, Found>): HostStep }
  /** A component of another node. */
  | { readonly kind: 'part'; part(context: PartContext<P>): Part };

export interface PartContext<P extends Params> {
  /** The part's own id in its graph, by which what it shows is told from what others do. */
  readonly node: string;
  readonly params: ParamValues<P>;
  /** Runs `body` with weights taken from this part's own source and precision. */
  readonly withWeights: <Result>(g: GraphBuilder, body: () => Result) => Result;
  /** A graph of the part's own, with its own weights, in the format that it asks for or in `format`. */
  readonly newGraph: (emit: (g: GraphBuilder) => void, format?: MatrixFormat) => StageModel;
}

export interface NodeDefinition<
  P extends Params = Params,
  In extends Ports = Ports,
  Out extends Ports = Ports,
  Found = unknown,
> {
  /** `family/name`. */
  readonly type: string;
  readonly version: number;
  readonly family: Family;
  readonly title: string;
  /** One paragraph that a student understands. */
  readonly about: string;
  readonly references: readonly Reference[];
  readonly params: P;
  readonly inputs: In;
  readonly outputs: Out;
  /** `migrations[n]` makes params of version n + 1 out of those of version n. */
  readonly migrations?: Readonly<
    Record<number, (params: Readonly<Record<string, Json>>) => Readonly<Record<string, Json>>>
  >;
  /**
   * Parameters from the configuration of a published model, in the spelling before and since transformers 5;
   * of a whole model the part that is this node's, which `present` may tell apart from another of the kind.
   * Fails with `config-foreign` or `config-unsupported`.
   */
  fromConfig?(files: ConfigFiles, present?: Readonly<Record<string, Json>>): Outcome<TakenConfig>;
  /**
   * Published names of the node's tensors; only nodes with a `weights` parameter have any. `host` are those of the
   * node that a part is plugged into.
   */
  keyLayouts?(params: ParamValues<P>, host?: readonly KeyLayout[]): readonly KeyLayout[];
  /** What the node asks of its inputs, given its params and what is asked of its outputs. */
  demand?(context: {
    readonly params: ParamValues<P>;
    readonly demands: ByPort<Demand | undefined>;
  }): ByPort<Demand | undefined>;
  /** Output wires from input wires, or the problems that stand in the way. Pure. */
  infer(context: InferContext<P, In>): Outcome<Inference<Out, Found>>;
  /**
   * Transformer blocks that its graph has at most, so that a graph with too many is refused before anything is built;
   * only nodes that repeat blocks have any.
   */
  layers?(params: ParamValues<P>): number;
  /** One line for the card: "L/14-336 · float32 · layer −2". */
  summary(params: ParamValues<P>): string;
  /** What a run shows over the picture; of a part, what happens in the graph of the node that it is plugged into. */
  readonly shows?: readonly Shows<ParamValues<P>>[];
  readonly body: Body<P, In, Out, Found>;
}

/** The input at which a node with weights takes what changes them. */
export const weightSocket = 'weightChanges';

const weightSocketPort: Port = {
  kind: 'weight-change',
  title: 'Weight changes',
  several: true,
  optional: true,
};

/** Checks a definition's types where it is written, and gives every node with weights the socket for their change. */
export function defineNode<
  const P extends Params,
  const In extends Ports,
  const Out extends Ports,
  Found,
>(definition: NodeDefinition<P, In, Out, Found>): NodeDefinition<P, In, Out, Found> {
  const changesWeights = Object.values(definition.outputs).some(
    ({ kind }) => kind === 'weight-change',
  );
  if (!definition.keyLayouts || changesWeights) return definition;
  return { ...definition, inputs: { ...definition.inputs, [weightSocket]: weightSocketPort } };
}

/** The name of the input or output that plays a role; null where there is none. */
export function portWithRole(
  definition: Pick<NodeDefinition, 'inputs' | 'outputs'> | null,
  side: 'inputs' | 'outputs',
  role: PortRole,
): string | null {
  const ports = Object.entries<Port>(definition?.[side] ?? {});
  return ports.find(([, port]) => port.role === role)?.[0] ?? null;
}
