/** What recorded cases say of one node, and of the views that it makes. */
import type { JsonObject } from '#engine/contract/config-files.ts';
import type { catalogue } from '#nodes/index.ts';

export type NodeType = keyof typeof catalogue;

/** What of a case says how a node is set. */
export interface NodeSetting {
  readonly type: NodeType;
  /** Set here, over what the configuration says. */
  readonly params?: JsonObject;
  /**
   * Where the case's configuration is in no published spelling: each parameter by the key that has it, or the
   * keys whose product it is. `tower.depth` is the key `depth` of what is at `tower`.
   */
  readonly paramKeys?: Readonly<Record<string, readonly string[]>>;
  /** What is plugged into the node, by port. */
  readonly parts?: Readonly<Record<string, NodeSetting>>;
}

/** What of the views that are made of a picture a processor returns. */
export type PreparedField =
  | 'pixels'
  | 'pictures'
  | 'original sizes'
  | 'sizes'
  | 'views'
  | 'tiles'
  | 'tile rows'
  | 'tile columns'
  | 'pixel mask'
  | 'patches, channels last'
  | 'patch mask'
  | 'patch grid'
  | 'patches by groups, twice'
  | 'patch grid of one moment';

/**
 * How a recorded tensor holds pictures of several sizes: at the top left of a frame, with a mask of its patches or with
 * sizes in pixels; or as flattened patches, with grids, filled up to the longest, or one picture after the other in
 * squares of two by two.
 */
export type PicturesHeld =
  | 'framed with a mask'
  | 'framed with sizes'
  | 'filled-up patches'
  | 'grouped patches of two frames';
