/** Everything a graph's weights are filled from, found and checked before anything is built. */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import type { Problem } from '#engine/contract/problem.ts';
import type { StageModel } from '#engine/onnx/model.ts';
import type { WeightOrigin } from '#engine/onnx/weight.ts';
import { openCheckpoint, type Checkpoint } from './checkpoint.ts';
import { checkpointFolder } from './checkpoint-folder.ts';
import type { SourceOf, TensorSource } from './expression-rows.ts';
import { digest } from '../system/digest.ts';
import { stillIs, type FileDigests, type FileIdentity, type TellRead } from './file-digests.ts';
import { matchKeys, neededTensors, type KeyMatch } from './match-keys.ts';
import { noiseTable } from './noise.ts';
import { ScatteredReader } from './scattered-rows.ts';
import { TensorReader } from './tensor-reader.ts';

export interface ModelWeights {
  /** Changes whenever the numbers could. */
  readonly fingerprint: string;
  readonly sourceOf: SourceOf;
  /** Fails where a file has been touched since its fingerprint was taken. */
  readonly unchanged: () => Promise<Outcome<null>>;
  readonly close: () => void;
}

interface ResolvedOrigin {
  readonly fingerprint: string;
  readonly files: readonly FileIdentity[];
  readonly source: (reader: TensorReader) => TensorSource;
}

export interface WeightFiles {
  /** Relative checkpoint folders are taken from here. */
  readonly baseFolder: string;
  readonly digests: FileDigests;
  /** Told how far a checkpoint is read that nobody has read before. */
  readonly tell: TellRead;
}

/** Problems name the tensors of a checkpoint that are missing or do not fit. */
export async function resolveWeights(
  model: StageModel,
  files: WeightFiles,
): Promise<Outcome<ModelWeights>> {
  const resolved: ResolvedOrigin[] = [];
  const problems: Problem[] = [];
  for (const [index, origin] of model.origins.entries()) {
    const outcome = await resolveOrigin(model, index, origin, files);
    if (outcome.ok) resolved.push(outcome.value);
    // A part's weights are built into another node's graph, but it is the part that has to be mended.
    else problems.push(...outcome.problems.map((problem) => ({ ...problem, node: origin.node })));
  }
  if (problems.length > 0) return fail(...problems);
  const reader = new TensorReader();
  const sources = new Map<number, TensorSource>();
  return ok({
    fingerprint: resolved.map(({ fingerprint }) => fingerprint).join('+'),
    sourceOf(origin) {
      const known = sources.get(origin);
      if (known) return known;
      const source = (resolved[origin] as ResolvedOrigin).source(reader);
      sources.set(origin, source);
      return source;
    },
    async unchanged() {
      for (const file of resolved.flatMap(({ files: own }) => own)) {
        const same = await stillIs(file);
        if (!same.ok) return same;
      }
      return ok(null);
    },
    close: () => reader.close(),
  });
}

async function resolveOrigin(
  model: StageModel,
  index: number,
  { source, layouts }: WeightOrigin,
  { baseFolder, digests, tell }: WeightFiles,
): Promise<Outcome<ResolvedOrigin>> {
  if (source.kind === 'random') {
    return ok({
      fingerprint: `random ${source.seed}`,
      files: [],
      source: () => ({ kind: 'random', noise: noiseTable(source.seed) }),
    });
  }
  const checkpoint = await openCheckpoint(checkpointFolder(source.folder, baseFolder));
  if (!checkpoint.ok) return checkpoint;
  const needed = neededTensors([model], (_, origin) => origin === index);
  const match = matchKeys(needed, layouts, checkpoint.value);
  if (!match.ok) return match;
  const files = filesOf(match.value, checkpoint.value);
  const fingerprint = await fingerprintOf(match.value, files, (file) => digests.of(file, tell));
  if (!fingerprint.ok) return fingerprint;
  return ok({
    fingerprint: fingerprint.value,
    files,
    source: (reader) => checkpointSource(match.value, reader),
  });
}

/** Those that are read, each once. */
function filesOf({ entries }: KeyMatch, { files }: Checkpoint): readonly FileIdentity[] {
  const paths = new Set([...entries.values()].map(({ path }) => path));
  return [...paths].map((path) => files.get(path) as FileIdentity);
}

/** Over what is read: of each tensor the data of its file, and where in them it lies. */
async function fingerprintOf(
  { entries }: KeyMatch,
  files: readonly FileIdentity[],
  digestOf: (file: FileIdentity) => Promise<Outcome<string>>,
): Promise<Outcome<string>> {
  const digests = new Map<string, string>();
  for (const file of files) {
    const of = await digestOf(file);
    if (!of.ok) return of;
    digests.set(file.path, of.value);
  }
  const places = [...entries.values()].map(({ path, offset, length, type, scattered }) =>
    [
      digests.get(path),
      offset,
      length,
      type,
      ...(scattered ? [JSON.stringify(scattered)] : []),
    ].join(' '),
  );
  return ok(digest(places));
}

function checkpointSource({ entries }: KeyMatch, reader: TensorReader): TensorSource {
  const scattered = new ScatteredReader(reader);
  return {
    kind: 'checkpoint',
    rows(tensor, first, count) {
      const entry = entries.get(tensor.name);
      if (!entry) throw new Error(`"${tensor.name}" was not matched before it was read.`);
      return entry.scattered
        ? scattered.read(entry, entry.scattered, first, count)
        : reader.readRows(entry, first, count);
    },
  };
}
