/**
 * A product that some processors answer wrong: without VNNI, ONNX Runtime multiplies signed weights in 8 bits by sums of two
 * products in 16 bits on x86, which saturate. It has kernels that do not (its option `session.x64quantprecision`), but takes
 * these, several times slower, on every processor where it is asked to. So the largest codes are multiplied once to see.
 * Source: onnxruntime_session_options_config_keys.h.
 */
import { encodeModel } from '#engine/onnx/encode-model.ts';
import { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { layoutWeights } from '#engine/onnx/weight-layout.ts';

const side = 16;
const largestCode = 127;

/** What `x` is. */
export const trialInput = { shape: [side, side], data: new Uint8Array(side ** 2).fill(255) };

/** A graph from `x` uint8 to `y` float32, both [16, 16]. */
export function saturationTrial(): Uint8Array {
  const g = new GraphBuilder();
  const x = g.input('x', 'uint8', trialInput.shape);
  const largest = Array.from({ length: side ** 2 }, () => largestCode);
  const one = g.scalar('float32', 1);
  const inputs = [x, g.constant('int8', trialInput.shape, largest), one, one];
  const result = { type: 'float32', shape: trialInput.shape } as const;
  g.output('y', g.op('MatMulIntegerToFloat', inputs, result, { domain: 'com.microsoft' }));
  const model = g.finish();
  return encodeModel(model, layoutWeights(model), '');
}

/** All products are the same whole number, of which saturation leaves a half. */
export const isSaturated = (y: Float32Array): boolean =>
  y.some((number) => number !== side * 255 * largestCode);
