/**
 * One graph in a process that does nothing else: `node bare-stage.testing.mjs '{"library", "stage", "threads"}'` prints
 * the highest resident memory of a run of the stage, beyond what was there before it was loaded. The library is brought
 * up by another graph first, as what it takes for itself is no stage's. Linux only.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import * as ort from 'onnxruntime-node';

const { library, stage, threads } = JSON.parse(process.argv[2]);

const statusBytes = (field) => {
  const status = readFileSync('/proc/self/status', 'latin1');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024;
};

/** Types of tensors and the arrays that hold them. */
const arrays = {
  float32: (count) => Float32Array.from({ length: count }, (_, index) => Math.sin(index)),
  int64: (count, value) =>
    BigInt64Array.from({ length: count }, (_, index) => BigInt(value ?? index)),
  bool: (count, value) => new Uint8Array(count).fill(value ?? 0),
};

const tensorsOf = ({ feeds }) =>
  Object.fromEntries(
    feeds.map(({ name, type, dims, value }) => {
      const count = dims.reduce((product, size) => product * size, 1);
      return [name, new ort.Tensor(type, arrays[type](count, value), dims)];
    }),
  );

const open = ({ path }) =>
  ort.InferenceSession.create(path, {
    logSeverityLevel: 3,
    graphOptimizationLevel: 'disabled',
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
  });

await (await open(library)).run(tensorsOf(library));
const tensors = tensorsOf(stage);
const before = statusBytes('VmRSS');
const session = await open(stage);
// The first run touches every weight and finds its room.
await session.run(tensors);
writeFileSync('/proc/self/clear_refs', '5');
await session.run(tensors);
console.log(statusBytes('VmHWM') - before);
