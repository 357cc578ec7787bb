/** What stands on a card, apart from runs, from its head down to its foot. */
import type { Problem } from '#engine/contract/problem.ts';
import type { ShownSource } from '#engine/contract/sources.ts';
import type { Family } from '#engine/node/node-definition.ts';
import type { Media, WireKind } from '#engine/node/wire.ts';
import type { FootText } from './foot-text.ts';
import type { PortSide } from './port-place.ts';

export interface PortModel {
  readonly side: PortSide;
  readonly name: string;
  readonly title: string;
  /** Null where the node does not declare the port, but a wire ends there. */
  readonly kind: WireKind | null;
  readonly shape: string | null;
  readonly isWired: boolean;
  /** "Visual tokens, output of CLIP ViT" */
  readonly label: string;
}

export interface SocketModel {
  readonly port: PortModel;
  /** In the order in which they act. */
  readonly plugged: readonly PluggedPart[];
}

export interface PluggedPart {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  readonly family: Family;
}

export type CardBody =
  | { readonly kind: 'picture'; readonly media: Media; readonly source: ShownSource }
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'answer';
      /** The node whose answer it is; null while nothing is wired to it. */
      readonly from: string | null;
    };

export interface CardContent {
  readonly id: string;
  readonly type: string;
  readonly title: string;
  /** Null for a node that the catalogue does not know. */
  readonly family: Family | null;
  readonly summary: string | null;
  /** As much of the summary as there is room for. */
  readonly shortSummary: string | null;
  /** "6.74 B"; null for a node without weights, or while that is not known. */
  readonly parameters: string | null;
  /** "random", "checkpoint": what stands at the right while nothing runs. */
  readonly weights: string | null;
  readonly body: CardBody | null;
  /** The port of a node that has only one. */
  readonly headPort: PortModel | null;
  readonly sockets: readonly SocketModel[];
  /** Ports that show only while a wire is drawn that fits, or where the keyboard comes to them. */
  readonly hiddenPorts: readonly PortModel[];
  /** What stands in a row belongs to the port at its side. */
  readonly rows: readonly { readonly input: PortModel | null; readonly output: PortModel | null }[];
  readonly foot: 'none' | 'stage' | 'language';
  readonly estimate: FootText | null;
  readonly problem: Problem | null;
  readonly problemCount: number;
}
