/** Writes a matrix that is stored turned, in 8 bits by output channel: many outputs at a time, so that its lines are long. */
import type { FileHandle } from 'node:fs/promises';
import type { Outcome } from '#engine/contract/outcome.ts';
import type { WeightPlace } from '#engine/onnx/weight-layout.ts';
import { quantiseChannels, turnInto, type Panel } from './quantise-channels.ts';

/** Codes held at once: 32 MB, which most matrices fit in. */
const panelCodes = 2 ** 25;

export interface ChannelRows {
  readonly outputs: number;
  readonly inputs: number;
  /** Outputs that are read at once. */
  readonly step: number;
  /** [count, inputs] */
  readonly read: (first: number, count: number) => Outcome<Float32Array>;
}

export interface ChannelPlaces {
  readonly codes: WeightPlace;
  readonly scales: WeightPlace;
}

/** `progress` is told how much of the file is filled, between chunks; where it fails, the writing ends. */
export async function writeChannels(
  file: FileHandle,
  { outputs, inputs, step, read }: ChannelRows,
  places: ChannelPlaces,
  progress: (filledBytes: number) => Promise<Outcome<null>>,
  codesAtOnce = panelCodes,
): Promise<Outcome<null>> {
  const most = Math.min(outputs, Math.max(1, Math.floor(codesAtOnce / inputs)));
  const scales = new Float32Array(outputs);
  for (let left = 0; left < outputs; left += most) {
    const width = Math.min(most, outputs - left);
    const panel = { codes: new Int8Array(inputs * width), width };
    for (let at = 0; at < width; at += step) {
      const numbers = read(left + at, Math.min(step, width - at));
      if (!numbers.ok) return numbers;
      const quantised = quantiseChannels(numbers.value, inputs);
      turnInto(panel, at, quantised.codes);
      scales.set(quantised.scales, left + at);
      const told = await progress(places.codes.offset + inputs * (left + at));
      if (!told.ok) return told;
    }
    await writePanel(file, panel, places.codes, left);
  }
  const bytes = new Uint8Array(scales.buffer);
  await file.write(bytes, 0, bytes.length, places.scales.offset);
  return progress(places.scales.offset + places.scales.length);
}

/** A panel of all outputs is one piece of the file, one of some a piece of every line. */
async function writePanel(
  file: FileHandle,
  { codes, width }: Panel,
  place: WeightPlace,
  left: number,
): Promise<void> {
  const inputs = codes.length / width;
  const outputs = place.length / inputs;
  const lines = width === outputs ? 1 : inputs;
  const length = codes.length / lines;
  for (let line = 0; line < lines; line++)
    await file.write(codes, line * length, length, place.offset + line * outputs + left);
}
