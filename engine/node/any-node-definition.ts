/** Definitions as the catalogue holds them, whatever they declare. */
import type { Json } from '../contract/document.ts';
import type { Outcome } from '../contract/outcome.ts';
import type { Problem } from '../contract/problem.ts';
import type { GraphBuilder } from '../onnx/graph-builder.ts';
import type { DimBindings, Value } from '../onnx/value.ts';
import type { KeyLayout } from '../onnx/weight.ts';
import type { HostStep } from './host-step.ts';
import type {
  ByPort,
  Demand,
  NodeDefinition,
  PartContext,
  RunsBy,
  ViewFacts,
  WiresByPort,
  WireTypes,
} from './node-definition.ts';
import type { Params } from './param.ts';
import type { Part } from './part.ts';
import type { Shows } from './shows.ts';

/** Values of parameters and wires of ports, when nothing is known of the node but that it has some. */
type AnyParams = Readonly<Record<string, Json>>;

export interface AnyContext {
  readonly params: AnyParams;
  readonly inputs: WiresByPort;
  readonly outputs: WireTypes;
  readonly found: unknown;
  readonly wired: ReadonlySet<string>;
  readonly parts: readonly Part[];
  readonly newGraph: PartContext<Params>['newGraph'];
}

export type AnyBody =
  | {
      readonly kind: 'onnx';
      readonly runsBy?: RunsBy;
      facts?(context: AnyContext): ViewFacts;
      dims?(context: AnyContext): DimBindings;
      emit(
        g: GraphBuilder,
        inputs: ByPort<Value>,
        context: AnyContext,
        facts: ByPort<Value>,
      ): ByPort<Value | undefined>;
    }
  | { readonly kind: 'host'; step(context: AnyContext): HostStep }
  | {
      readonly kind: 'part';
      part(context: Pick<AnyContext, 'params'> & Omit<PartContext<Params>, 'params'>): Part;
    };

/**
 * A definition as the catalogue holds it, its parameter and port types no longer told apart. Methods
 * compare loosely, so every definition fits; the check fills in exactly what a definition declares.
 */
export interface AnyNodeDefinition extends Pick<
  NodeDefinition,
  | 'type'
  | 'version'
  | 'family'
  | 'title'
  | 'about'
  | 'references'
  | 'params'
  | 'inputs'
  | 'outputs'
  | 'migrations'
  | 'fromConfig'
> {
  keyLayouts?(params: AnyParams, host?: readonly KeyLayout[]): readonly KeyLayout[];
  demand?(context: {
    readonly params: AnyParams;
    readonly demands: ByPort<Demand | undefined>;
  }): ByPort<Demand | undefined>;
  infer(context: {
    readonly id: string;
    readonly params: AnyParams;
    readonly inputs: WiresByPort;
    readonly demands: ByPort<Demand | undefined>;
    readonly wired: ReadonlySet<string>;
  }): Outcome<{
    readonly outputs: WireTypes;
    readonly warnings?: readonly Problem[];
    readonly found?: unknown;
  }>;
  layers?(params: AnyParams): number;
  summary(params: AnyParams): string;
  readonly shows?: readonly Shows<AnyParams>[];
  readonly body: AnyBody;
}

export type Catalogue = Readonly<Record<string, AnyNodeDefinition>>;
