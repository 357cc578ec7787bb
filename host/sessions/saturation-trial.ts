/**
 * A product that some processors answer wrong: without VNNI, ONNX Runtime multiplies signed weights in 8 bits by sums of two
 * products in 16 bits on x86, which saturate. It has kernels that do not (its option `session.x64quantprecision`), but takes
 * these, several times slower, on every processor where it is asked to. So the largest codes are multiplied once to see.
 * Source: onnxruntime_session_options_config_keys.h.
 */
import { encodeModel } from '#engine/onnx/encode-model.ts';
import { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { layoutWeights } from '#engine/onnx/weight-layout.ts';

const size = 16;
const largestCode = 127;

/** A graph from `x` to `y`, both [16, 16]. */
export function saturationTrial(): Uint8Array {
  const g = new GraphBuilder();
  const x = g.input('x', 'float32', [size, size]);
  const codes = g.constant(
    'int8',
    [size, size],
    Array.from({ length: size ** 2 }, () => largestCode),
  );
  const inputs = [x, codes, g.scalar('float32', 1)];
  g.output('y', g.op('DynamicQuantizeMatMul', inputs, x, { domain: 'com.microsoft' }));
  const model = g.finish();
  return encodeModel(model, layoutWeights(model), '');
}

/** What `x` is. */
export const trialInput = { shape: [size, size], data: new Float32Array(size ** 2).fill(1) };

/** Rounding loses next to nothing of `y`, saturation half. */
export const isSaturated = (y: Float32Array): boolean =>
  y.some((number) => number < 0.9 * size * largestCode);
