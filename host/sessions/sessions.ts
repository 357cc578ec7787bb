/** The one door to ONNX Runtime. A session call blocks its thread, so only the engine process comes here. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import os from 'node:os';
import * as ort from 'onnxruntime-node';
import { onnxRuntimeVersion } from '../system/machine.ts';
import { alignPacked } from './align-packed.ts';
import { isSaturated, saturationTrial, trialInput } from './saturation-trial.ts';

// Else its releases tell their maker of every session, over the network. Looked at when the first session is made.
process.env['ORT_DISABLE_TELEMETRY'] = '1';

export type Tensor = ort.Tensor;
export type TensorMap = Readonly<Record<string, ort.Tensor>>;

export const float32 = (data: Float32Array, shape: readonly number[]): ort.Tensor =>
  new ort.Tensor('float32', data, shape);
export const int64 = (
  data: readonly number[],
  shape: readonly number[] = [data.length],
): ort.Tensor => new ort.Tensor('int64', BigInt64Array.from(data, BigInt), shape);
/** Zeros, to be written over. */
export function zeros(type: 'float32' | 'float16' | 'int8', shape: readonly number[]): ort.Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  if (type === 'float32') return float32(new Float32Array(count), shape);
  if (type === 'int8') return new ort.Tensor(type, new Int8Array(count), shape);
  const halves = new Uint16Array(count);
  // Where there is a Float16Array, a tensor makes one of it, which ONNX Runtime's binding takes for empty.
  return Object.defineProperty(new ort.Tensor(type, halves, shape), 'data', { value: halves });
}

export const bool = (value: boolean): ort.Tensor =>
  new ort.Tensor('bool', Uint8Array.of(value ? 1 : 0), []);

export interface SessionOptions {
  /** Threads inside an operator; one for graphs whose operators are too small to share. */
  readonly threads: number;
  /** Runs are profiled, into a file whose path begins so. */
  readonly profilePrefix?: string;
}

export interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** Outputs that `places` names are written into its tensors, and are these; the others are new. */
  run(feeds: TensorMap, places?: TensorMap): Promise<TensorMap>;
  /** Writes the file of a session that is profiled. */
  endProfiling(): void;
  release(): Promise<void>;
}

/** Only errors: warnings of the optimiser say nothing to a user. */
const logSeverityLevel = 3;
/**
 * Initializers below this stay in the graph file; ONNX Runtime puts larger ones on whole pages beside it, which are
 * mapped. The scales of quantised weights have to be among them: read with the graph they are in memory twice.
 */
const externalMinimumBytes = 2 ** 17;

/**
 * Optimises a graph and writes it back with its weights already packed for this processor. Loaded
 * again, packed weights are mapped from disk: a quarter of the loading time and reclaimable memory.
 * `saturates` tells whether products of signed weights in 8 bits do. Throws ONNX Runtime's error where it refuses the graph.
 */
export async function prepareModel(
  modelPath: string,
  readyPath: string,
  saturates = tryProducts(),
): Promise<void> {
  const isExact = await saturates;
  const weightsName = `${basename(readyPath, '.onnx')}.bin`;
  const options = {
    logSeverityLevel,
    graphOptimizationLevel: 'all',
    optimizedModelFilePath: readyPath,
    extra: {
      session: {
        optimized_model_external_initializers_file_name: weightsName,
        optimized_model_external_initializers_min_size_in_bytes: String(externalMinimumBytes),
        save_external_prepacked_constant_initializers: '1',
        x64quantprecision: isExact ? '1' : '0',
      },
    },
  } satisfies ort.InferenceSession.SessionOptions;
  const session = await ort.InferenceSession.create(modelPath, options);
  await session.release();
  await alignPacked(readyPath, join(dirname(readyPath), weightsName));
}

let tried: Promise<boolean> | null = null;

/** Once a process. */
function tryProducts(): Promise<boolean> {
  return (tried ??= multiplyLargest());
}

async function multiplyLargest(): Promise<boolean> {
  const session = await ort.InferenceSession.create(saturationTrial(), { logSeverityLevel });
  const { data, shape } = trialInput;
  const { y } = await session.run({ x: new ort.Tensor('uint8', data, shape) });
  await session.release();
  return isSaturated(y?.data as Float32Array);
}

/** Opens a graph that `prepareModel` wrote. Throws ONNX Runtime's error where it cannot. */
export async function openSession(
  readyPath: string,
  { threads, profilePrefix }: SessionOptions,
): Promise<Session> {
  const session = await ort.InferenceSession.create(readyPath, {
    logSeverityLevel,
    graphOptimizationLevel: 'disabled',
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    // A run of sizes that were seen before would be given one block for all its activations, while what the first such run
    // was given stays with the session: twice as much for good, and no faster.
    enableMemPattern: false,
    ...(profilePrefix !== undefined && {
      enableProfiling: true,
      profileFilePrefix: profilePrefix,
    }),
    // Threads that go on spinning after a run would take the processor from the next stage's session.
    extra: { session: { force_spinning_stop: '1' } },
  });
  const unplaced = Object.fromEntries(session.outputNames.map((name) => [name, null]));
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    async run(feeds, places) {
      const outputs = await session.run(feeds, { ...unplaced, ...places });
      // The binding gives copies even of what was written into tensors of ours.
      return { ...outputs, ...places };
    },
    endProfiling: () => session.endProfiling(),
    release: () => session.release(),
  };
}

/** What packed weights depend on besides the graph: library, processor and its instruction sets. */
export function processorFingerprint(): string {
  const cpuInfo = '/proc/cpuinfo';
  const flags = existsSync(cpuInfo)
    ? (/^(flags|Features)\s*:.*$/m.exec(readFileSync(cpuInfo, 'utf8'))?.[0] ?? '')
    : '';
  const facts = [
    onnxRuntimeVersion,
    process.platform,
    process.arch,
    os.cpus()[0]?.model ?? '',
    flags,
  ];
  return createHash('sha256').update(facts.join('\n')).digest('hex').slice(0, 16);
}
