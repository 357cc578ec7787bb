/** How recorded cases are run with nodes of the catalogue, as data: the types of a table's rows. */
import type { JsonObject } from '#engine/contract/config-files.ts';
import type { InputTarget } from './input-target.ts';
import type { NodeSetting, PreparedField } from './node-setting.ts';
import type { PipelineRow } from './pipeline-row.ts';

/** Which cases a row is for: all of a family, or those that are named or configured so. */
interface Matched {
  readonly family: string;
  readonly names?: readonly string[];
  /** `model_type` of their configuration. */
  readonly modelTypes?: readonly string[];
}

/** Where the computed values of a recorded tensor are found. */
export interface TensorSource {
  /** The node that computes it; the last one where nothing is said. */
  readonly node?: string;
  /** A tensor of an output port; `tokens` where nothing is said. */
  readonly port?: string;
  /** An inner value instead. */
  readonly tap?: string;
  /** The parameters of that node that the recorded tensor stands for. */
  readonly params?: JsonObject;
  /**
   * The tokens as the grid that they lie on, as a map, channels first, or those of all views as one run; or how many
   * values there are, or what share of the inputs that is.
   */
  readonly read?: 'grid' | 'map' | 'run' | 'count' | 'share';
}

/** Nodes that are graphs, one behind the other: each takes at `tokens` what the one before gives there. */
export interface NodesRow {
  readonly kind: 'nodes';
  readonly nodes: readonly [NodeSetting, ...NodeSetting[]];
  /** Recorded inputs → tensors of the first node's ports. */
  readonly inputs: Readonly<Record<string, InputTarget>>;
  /** Tokens before those of the grid in what is recorded. */
  readonly prefixTokens?: number;
  readonly outputs: Readonly<Record<string, TensorSource>>;
}

/** Nodes that are graphs, wired together, such as several towers before one projector. */
export interface GraphRow {
  readonly kind: 'graph';
  /** By id, in the order in which they run. */
  readonly nodes: Readonly<Record<string, NodeSetting>>;
  /** As `encoder.tokens > projector.tokens`. */
  readonly wires: readonly string[];
  /** Recorded inputs → tensors of ports, as `encoder.pixels`; a list where several nodes are given the same. */
  readonly inputs: Readonly<Record<string, InputTarget | readonly InputTarget[]>>;
  /** Tokens before those of the grid in what is recorded. */
  readonly prefixTokens?: number;
  readonly outputs: Readonly<Record<string, TensorSource>>;
}

/** An encoder that takes pictures of any size, several of which are recorded in one tensor; tokens leave it. */
export interface PicturesRow {
  readonly kind: 'pictures';
  readonly node: NodeSetting;
  /** The recorded input. */
  readonly pixels: string;
  /**
   * How it holds them: at the top left of a frame, with a mask of its patches or with sizes in pixels; or as flattened
   * patches, with grids, filled up to the longest, or one picture after the other in squares of two by two.
   */
  readonly held:
    | 'framed with a mask'
    | 'framed with sizes'
    | 'filled-up patches'
    | 'grouped patches of two frames';
  /** The recorded input that tells their masks, sizes or grids. */
  readonly sizes: string;
  /** The parameters that each recorded output stands for. */
  readonly outputs: Readonly<Record<string, JsonObject>>;
}

/** One block of experts, given what enters a feed-forward. */
export interface FeedForwardRow {
  readonly kind: 'feed-forward';
  readonly node: NodeSetting;
  readonly input: string;
  /** What the layer's feed-forward is called; `mlp` where left out. */
  readonly name?: string;
  /** `output`, or the name of an inner value; with the parameters that it stands for where they are others. */
  readonly outputs: Readonly<
    Record<string, string | { readonly value: string; readonly params: JsonObject }>
  >;
}

/** One layer of a deformable decoder, given everything that meets in it. */
export interface DeformableLayerRow {
  readonly kind: 'deformable-layer';
  readonly node: NodeSetting;
  /** Recorded inputs: queries, their places, where they start to look, and what they look at. */
  readonly inputs: {
    readonly state: string;
    readonly positions: string;
    readonly references: string;
    readonly tokens: string;
  };
  /** Key of the rows and columns that are looked at. */
  readonly grid: string;
  /** What the names of its weights begin with. */
  readonly layer: string;
  readonly output: string;
}

/** One block of a state-space model: what it adds, and its state after the prompt and at the end. */
export interface MixerRow {
  readonly kind: 'mixer';
  readonly node: NodeSetting & { readonly type: 'language/mamba' | 'language/mamba2' };
  readonly input: string;
  /** Key of the configuration. */
  readonly promptLength: string;
  readonly outputs: Readonly<
    Record<
      string,
      | { readonly value: 'output' }
      | { readonly value: 'convolution' | 'memory'; readonly after: 'prompt' | 'end' }
    >
  >;
}

/** All blocks of a recurrent language model without its table and its head: tokens from an empty state. */
export interface RecurrentBlocksRow {
  readonly kind: 'recurrent-blocks';
  readonly node: NodeSetting;
  readonly input: string;
  /** An inner value at every token, or what is remembered behind the last. */
  readonly outputs: Readonly<Record<string, `tap.${string}` | `new.${string}`>>;
}

/** The bare scan of Mamba-2, with all that is made of tokens recorded: by what each recorded input is of it. */
export interface DualityRow {
  readonly kind: 'duality';
  readonly inputs: Readonly<Record<'x' | 'decay' | 'write' | 'read' | 'past', string>>;
  readonly outputs: Readonly<
    Record<string, { readonly value: 'output' | 'state'; readonly from: 'past' | 'zeros' }>
  >;
}

/** Tokens `x` merged in rounds, each by its `metric<round>`. */
export interface MergingRow {
  readonly kind: 'merging';
  /** Keys of the configuration: how many go in each round, and whether the first token is protected. */
  readonly counts: string;
  readonly classToken: string;
}

/** One block of a vision transformer in which a picture's patches go, by how well each fits the slots. */
export interface PrunedBlockRow {
  readonly kind: 'pruned-block';
  /** Recorded inputs: what enters the block, the class token first, and how patches fit slots. */
  readonly inputs: { readonly tokens: string; readonly slots: string };
  /** Key of the configuration. */
  readonly temperature: string;
  /** Recorded outputs: what leaves the block, and which patches were kept. */
  readonly tokens: string;
  readonly kept: string;
}

/** One layer of attention with projections of its own, none of which but the last has a bias. */
export interface AttentionRow {
  readonly kind: 'attention';
  readonly node: NodeSetting;
  /** Keys of the configuration. */
  readonly hiddenSize: string;
  readonly headCount: string;
  readonly projections: {
    readonly query: string;
    readonly key: string;
    readonly value: string;
    readonly output: string;
  };
  /** Which recorded input asks, and which is looked at. */
  readonly outputs: Readonly<Record<string, { readonly tokens: string; readonly memory: string }>>;
}

/** Attention alone, given queries, keys and values [B, heads, N, d]. */
export interface AttentionHeadsRow {
  readonly kind: 'attention-heads';
  readonly node: NodeSetting;
  /** Recorded inputs. */
  readonly inputs: { readonly query: string; readonly key: string; readonly value: string };
  /** The parameters that each recorded output stands for. */
  readonly outputs: Readonly<Record<string, JsonObject>>;
}

/** The blocks of a Funnel Transformer over words, which an embedding of the case's own gives them. */
export interface FunnelRow {
  readonly kind: 'funnel';
  /** Recorded inputs. */
  readonly inputs: { readonly ids: string; readonly mask: string; readonly types: string };
  /** Key of the configuration. */
  readonly vocabularySize: string;
  /** Recorded outputs by the layers behind which they are. */
  readonly outputs: Readonly<Record<string, number>>;
}

/**
 * `logits` of every place of the prompt, an inner value `tap.NAME` of prefill, what a recurrent layer remembers behind it
 * (`new.NAME`), the greedy continuation, or how many tokens each layer has cached behind that.
 */
export type LanguageSource =
  'logits' | 'greedy.ids' | 'greedy.logits' | 'cache.lengths' | `tap.${string}` | `new.${string}`;

/** A value with parameters of the parts, by port, other than the row's. */
export interface LanguageVariant {
  readonly source: LanguageSource;
  readonly partParams: Readonly<Record<string, JsonObject>>;
}

/** A language model with what is plugged into it: a prompt, then the continuation that is the most probable. */
export interface LanguageRow {
  readonly kind: 'language';
  readonly node: NodeSetting;
  /** By the port that each is plugged into. */
  readonly parts?: Readonly<Record<string, NodeSetting>>;
  /** Keys of the configuration that say where the visual tokens lie. */
  readonly visual?: { readonly start: string; readonly count: string };
  /** The reference keeps no cache: each step of the continuation is a prompt of its own, all that is written behind it. */
  readonly rereads?: true;
  readonly outputs: Readonly<Record<string, LanguageSource | LanguageVariant>>;
}

/** Raw pictures to pixels; each recorded `pixel_values.NAME` or `image_sizes.NAME` is of the picture NAME. */
export interface PreprocessRow {
  readonly kind: 'preprocess';
  readonly node: NodeSetting;
  /** By what stands before the name of the picture; as most processors have it where left out. */
  readonly fields?: Readonly<Record<string, PreparedField>>;
}

/** Into which grid a picture of a size is cut, and what of the joined map shows it. */
export interface GridRow {
  readonly kind: 'grid';
  /** How the grid is chosen: that in which most of the picture is left, that of the nearest proportions, or slices. */
  readonly choice: 'fit' | 'nearest' | 'slices';
  /** Recorded sizes, widths first. */
  readonly sizes: string;
  readonly outputs: Readonly<
    Record<
      string,
      | 'fitted size'
      | 'grid'
      | 'views'
      | 'tiles'
      | 'tile size'
      | 'whole size'
      | 'unpadded size'
      | 'first place'
    >
  >;
}

/** Tokens of each picture's views, the whole first, to one run a picture; and that within the words around it. */
export interface PackingRow {
  readonly kind: 'packing';
  readonly node: NodeSetting;
  /** Recorded tokens, one tensor a picture. */
  readonly tokens: readonly string[];
  /** Recorded sizes of the pictures themselves. */
  readonly sizes: { readonly name: string; readonly order: 'height, width' | 'width, height' };
  /** Recorded prompts around the pictures, and the tensor that embeds their words. */
  readonly prompt?: { readonly ids: string; readonly mask: string; readonly table: string };
  readonly outputs: Readonly<
    Record<
      string,
      { readonly params: JsonObject; readonly read: 'run' | 'length' | 'prompt' | 'mask' }
    >
  >;
}

/** Tokens of clips [B, clips, frames, N, D] through a node that looks at all frames of a clip at once. */
export interface ClipsRow {
  readonly kind: 'clips';
  readonly node: NodeSetting;
  readonly input: string;
  readonly output: string;
}

/** Texts to ids and back, by the tokenizer of the folder. */
export interface TokenizerRow {
  readonly kind: 'tokenizer';
}

export type CaseShape =
  | NodesRow
  | GraphRow
  | PicturesRow
  | FeedForwardRow
  | AttentionRow
  | AttentionHeadsRow
  | FunnelRow
  | MergingRow
  | DeformableLayerRow
  | PrunedBlockRow
  | MixerRow
  | RecurrentBlocksRow
  | DualityRow
  | LanguageRow
  | PreprocessRow
  | GridRow
  | PackingRow
  | ClipsRow
  | TokenizerRow
  | PipelineRow;

export type CaseRow = Matched & {
  /**
   * The whole model that a projector's few recorded figures belong to: they are read as if they stood in its
   * config.json.
   */
  readonly figuresOf?: string;
} & CaseShape;
