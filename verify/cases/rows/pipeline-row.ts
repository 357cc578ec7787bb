/** How recorded whole models are run: the type of a table's row. */
import type { Media } from '#engine/node/wire.ts';
import type { NodeSetting, PicturesHeld, PreparedField } from './node-setting.ts';

/** A whole model: what its processor makes of picture and prompt, the model on exactly that, and the whole way. */
export interface PipelineRow {
  readonly kind: 'pipeline';
  /** One for each medium, in the order of the wires. */
  readonly ways: readonly PipelineWay[];
  readonly language: NodeSetting;
  /** What the processor makes of a prompt that is recorded before it; as it is recorded where left out. */
  readonly template?: string;
  /** What a prompt that is recorded already rendered says, and what says it in a template here. */
  readonly spellings?: readonly (readonly [recorded: string, own: string])[];
  /** Recorded inputs that tell something of every place of the prompt. */
  readonly places?: Readonly<Record<string, 'visual' | 'answer'>>;
  /** The recorded output, where the three parts of every position are one. */
  readonly positions?: string;
}

/** How all pictures, or all clips, come to the language model. */
export interface PipelineWay {
  readonly media: Media;
  readonly preprocess: NodeSetting;
  /** From pixels to what the language model reads; of each list the first that the configuration describes. */
  readonly vision: readonly (readonly NodeSetting[])[];
  /** The recorded input. */
  readonly pixels: string;
  /** Where that holds flattened patches: how, and the recorded input that tells the grid of each picture. */
  readonly patches?: {
    readonly held: PicturesHeld;
    readonly field: PreparedField;
    readonly grids: string;
  };
  /** Key of the id that stands for one of its visual tokens. */
  readonly token: string;
  /** What else of the views is a recorded input. */
  readonly fields?: Readonly<Record<string, PreparedField>>;
  /** The recorded output, where its visual tokens are one. */
  readonly features?: string;
}
