/**
 * Symmetric quantisation by output channel in the layout of ONNX Runtime's MatMulIntegerToFloat: signed codes of 8
 * bits, the inputs of a matrix below each other and its outputs side by side.
 */
import { smallestScale } from './quantise-blocks.ts';

/** As many steps up as down. */
const mostSteps = 127;

/** Outputs that are turned together: as many codes as a line of a processor's cache holds. */
const turnedTogether = 64;

export interface QuantisedChannels {
  /** [outputs, inputs] */
  readonly codes: Int8Array;
  /** [outputs] */
  readonly scales: Float32Array;
}

/** Rows [outputs, inputs] to codes and one scale a row. */
export function quantiseChannels(rows: Float32Array, inputs: number): QuantisedChannels {
  const codes = new Int8Array(rows.length);
  const scales = new Float32Array(rows.length / inputs);
  for (let output = 0; output < scales.length; output++) {
    const start = output * inputs;
    const end = start + inputs;
    const scale = channelScale(rows, start, end);
    scales[output] = scale;
    const inverse = scale === 0 ? 0 : 1 / scale;
    // Cutting off rounds to the nearest what is positive and a half larger.
    for (let index = start; index < end; index++)
      codes[index] = ((rows[index]! * inverse + 128.5) | 0) - 128;
  }
  return { codes, scales };
}

function channelScale(rows: Float32Array, start: number, end: number): number {
  let most = 0;
  for (let index = start; index < end; index++) {
    const size = Math.abs(rows[index]!);
    if (size > most) most = size;
  }
  const scale = Math.fround(most / mostSteps);
  return scale < smallestScale ? 0 : scale;
}

/** Some outputs of a matrix as it is stored. */
export interface Panel {
  /** [inputs, width] */
  readonly codes: Int8Array;
  /** Outputs that it holds. */
  readonly width: number;
}

/** Puts codes [outputs, inputs] into a panel, turned, from its output `at` on. */
export function turnInto({ codes: panel, width }: Panel, at: number, codes: Int8Array): void {
  const inputs = panel.length / width;
  const outputs = codes.length / inputs;
  for (let first = 0; first < outputs; first += turnedTogether) {
    const end = Math.min(outputs, first + turnedTogether);
    for (let input = 0; input < inputs; input++) {
      const row = input * width + at;
      for (let output = first; output < end; output++)
        panel[row + output] = codes[output * inputs + input]!;
    }
  }
}
