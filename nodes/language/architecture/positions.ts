/** How a decoder's tokens know where they stand. */
import {
  choice,
  decimal,
  flag,
  option,
  optionalSize,
  placed,
  size,
  whenCustom,
} from '#engine/node/architecture-params.ts';
import type { Rotary } from '#engine/onnx/blocks/rotary-positions.ts';
import { rotaryScalings, rotaryTables, type RotaryShape } from '#engine/onnx/rotary.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { layerWindow, type attentionParams } from './attention.ts';
import type { latentAttentionParams } from './latent-attention.ts';
import type { sizeParams } from './sizes.ts';

/** Numbers of longrope, one a pair of rotated channels. */
const factors = (label: string, where: string) =>
  ({
    kind: 'text',
    label,
    help: `longrope: what each frequency is divided by in sequences ${where} the trained context, separated by spaces.`,
    default: '',
    maxCharacters: 20_000,
    lines: 2,
    shownWhen: whenCustom,
    group: 'architecture',
  }) as const;

/** What `factors` holds; a word that is no number is NaN. */
export const readFactors = (text: string): readonly number[] =>
  text.trim() === ''
    ? []
    : text
        .trim()
        .split(/[\s,]+/)
        .map(Number);

/** While positions turn queries and keys. */
const whileTurning = { param: 'positions', is: ['rotary', 'grid-rotary'] } as const;

export const positionParams = {
  ...placed(
    {
      positions: choice('Positions', 'How tokens know where they stand.', 'rotary', [
        option('rotary', 'Rotary'),
        option('grid-rotary', 'Rotary by time, row and column (Qwen2-VL)'),
        option('learned', 'A learned table'),
        option('alibi', 'Linear biases'),
        option('none', 'Not at all'),
      ]),
    } as const,
    { group: 'positions' },
  ),
  ...placed(
    {
      rotaryFraction: decimal(
        'Rotary fraction',
        'Part of each head that positions rotate.',
        1,
        0.01,
        1,
      ),
      rotaryBase: decimal('Rotary base', 'Base of the rotary frequencies.', 10_000, 1, 1e9),
      rotaryScaling: choice(
        'Rotary scaling',
        'How frequencies are stretched for a longer context.',
        'none',
        rotaryScalings.map((name) => option(name)),
      ),
    } as const,
    { group: 'positions', condition: whileTurning },
  ),
  ...placed(
    {
      rotaryFactor: decimal(
        'Rotary factor',
        'How many times longer than the trained context.',
        1,
        1,
        1024,
      ),
    } as const,
    {
      group: 'positions',
      condition: { param: 'rotaryScaling', is: ['linear', 'llama3', 'yarn', 'longrope'] },
    },
  ),
  ...placed(
    {
      rotaryTrainedContext: size(
        'Trained context',
        'Context before stretching (llama3, yarn).',
        8192,
        1_048_576,
      ),
    } as const,
    {
      group: 'positions',
      condition: { param: 'rotaryScaling', is: ['llama3', 'yarn', 'longrope'] },
    },
  ),
  ...placed(
    {
      rotaryLowFactor: decimal(
        'Low frequency factor',
        'llama3 scaling: turns below which frequencies are stretched.',
        1,
        0.01,
        64,
      ),
      rotaryHighFactor: decimal(
        'High frequency factor',
        'llama3 scaling: turns above which frequencies are kept.',
        4,
        0.01,
        64,
      ),
    } as const,
    { group: 'positions', condition: { param: 'rotaryScaling', is: ['llama3'] } },
  ),
  ...placed(
    {
      rotaryMagnitude: decimal(
        'Rotary magnitude',
        'yarn: what is rotated is multiplied by this (DeepSeek-V2: 1); 0: by what follows from the factor.',
        0,
        0,
        64,
      ),
    } as const,
    { group: 'positions', condition: { param: 'rotaryScaling', is: ['yarn'] } },
  ),
  ...placed(
    {
      rotaryShortFactors: factors('Short factors', 'within'),
      rotaryLongFactors: factors('Long factors', 'beyond'),
    } as const,
    { group: 'positions', condition: { param: 'rotaryScaling', is: ['longrope'] } },
  ),
  ...placed(
    {
      rotaryPairing: choice('Rotary pairs', 'Which channels of a head turn together.', 'halves', [
        option('halves', 'Half the turned part apart'),
        option('neighbours', 'Neighbours (DeepSeek-V2)'),
      ]),
      windowRotaryBase: decimal(
        'Rotary base in windows',
        'Base of the frequencies in layers whose attention slides (Gemma 3); 0: that of all.',
        0,
        0,
        1e9,
      ),
      windowRotaryScaling: flag(
        'Rotary scaling in windows',
        'Frequencies are stretched in layers whose attention slides, too.',
        true,
      ),
      unrotatedEvery: optionalSize(
        'Unrotated layers',
        'Every so many layers, one does without positions (SmolLM3).',
        'none',
        512,
      ),
    } as const,
    { group: 'positions', condition: whileTurning },
  ),
  ...placed(
    {
      timePairs: size(
        'Pairs turned by time',
        'Of three parts: channel pairs of a head that the first part of a position turns.',
        16,
        512,
      ),
      rowPairs: size(
        'Pairs turned by rows',
        'Of three parts: channel pairs that the second part turns. Those left turn by the column.',
        24,
        512,
      ),
      clipStep: size(
        'Step of a clip',
        'Of three parts: positions from one pair of frames to the next.',
        1,
        1024,
      ),
    } as const,
    { group: 'positions', condition: { param: 'positions', is: ['grid-rotary'] } },
  ),
  ...placed(
    {
      positionOffset: {
        kind: 'integer',
        label: 'Position offset',
        help: 'Rows of a learned table before that of the first token (OPT: 2).',
        default: 0,
        min: 0,
        max: 1024,
        shownWhen: whenCustom,
        group: 'architecture',
      },
    } as const,
    { group: 'positions', condition: { param: 'positions', is: ['learned'] } },
  ),
} as const;

type Positions = ParamValues<
  typeof positionParams & typeof sizeParams & typeof attentionParams & typeof latentAttentionParams
>;

/** The rotated part of each head, in the terms of engine/onnx/rotary. */
export function rotaryShape(architecture: Positions): RotaryShape {
  return {
    size:
      architecture.attention === 'latent'
        ? architecture.rotaryHeadSize
        : // Rounded down to whole pairs, as the reference implementations do.
          Math.floor((architecture.headSize * architecture.rotaryFraction) / 2) * 2,
    base: architecture.rotaryBase,
    scaling: architecture.rotaryScaling,
    factor: architecture.rotaryFactor,
    trainedContext: architecture.rotaryTrainedContext,
    lowFrequencyFactor: architecture.rotaryLowFactor,
    highFrequencyFactor: architecture.rotaryHighFactor,
    magnitude: architecture.rotaryMagnitude === 0 ? null : architecture.rotaryMagnitude,
    shortFactors: readFactors(architecture.rotaryShortFactors),
    longFactors: readFactors(architecture.rotaryLongFactors),
  };
}

/** Do positions turn queries and keys? */
export const turns = ({ positions }: Pick<Positions, 'positions'>): boolean =>
  positions === 'rotary' || positions === 'grid-rotary';

/** Numbers that tell where a token stands: its place in the sequence, or time, row and column. */
export const positionParts = ({ positions }: Pick<Positions, 'positions'>): number =>
  positions === 'grid-rotary' ? 3 : 1;

/** Pairs that time, row and column turn; none left for the last where the sizes do not fit. */
export function rotarySections(architecture: Positions): readonly [number, number, number] {
  const { timePairs, rowPairs } = architecture;
  return [timePairs, rowPairs, rotaryShape(architecture).size / 2 - timePairs - rowPairs];
}

/** What turns the queries and keys of a layer; null where nothing does. */
export function layerRotary(architecture: Positions): (layer: number) => Rotary | null {
  if (!turns(architecture)) return () => null;
  const { contextLength, rotaryPairing: pairing, unrotatedEvery: every } = architecture;
  const sections = positionParts(architecture) > 1 ? rotarySections(architecture) : null;
  const turning = (shape: RotaryShape): Rotary => ({
    size: shape.size,
    tables: rotaryTables(shape, contextLength),
    pairing,
    sections,
  });
  const rotary = turning(rotaryShape(architecture));
  const inWindows = turning(windowRotaryShape(architecture));
  const windowOf = layerWindow(architecture);
  return (layer) => {
    if (every !== null && (layer + 1) % every === 0) return null;
    return windowOf(layer) === null ? rotary : inWindows;
  };
}

/** As `rotaryShape`, of layers whose attention slides. */
function windowRotaryShape(architecture: Positions): RotaryShape {
  const shape = rotaryShape(architecture);
  return {
    ...shape,
    base: architecture.windowRotaryBase === 0 ? shape.base : architecture.windowRotaryBase,
    scaling: architecture.windowRotaryScaling ? shape.scaling : 'none',
  };
}

/** longrope: does a sequence so long, in tokens, take the table of long ones? */
export const longFrom = ({ rotaryScaling, rotaryTrainedContext }: Positions): number | null =>
  rotaryScaling === 'longrope' ? rotaryTrainedContext : null;
