/** Everything a graph's weights are filled from, found and checked before anything is built. */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import type { Problem } from '#engine/contract/problem.ts';
import type { StageModel } from '#engine/onnx/model.ts';
import type { WeightOrigin } from '#engine/onnx/weight.ts';
import { openCheckpoint } from './checkpoint.ts';
import { checkpointFolder } from './checkpoint-folder.ts';
import type { SourceOf, TensorSource } from './expression-rows.ts';
import { matchKeys, neededTensors, type KeyMatch } from './match-keys.ts';
import { noiseTable } from './noise.ts';
import { TensorReader } from './tensor-reader.ts';

export interface ModelWeights {
  /** Changes whenever the numbers could. */
  readonly fingerprint: string;
  readonly sourceOf: SourceOf;
  readonly close: () => void;
}

interface ResolvedOrigin {
  readonly fingerprint: string;
  readonly source: (reader: TensorReader) => TensorSource;
}

/** Problems name the tensors of a checkpoint that are missing or do not fit. */
export async function resolveWeights(
  model: StageModel,
  baseFolder: string,
): Promise<Outcome<ModelWeights>> {
  const resolved: ResolvedOrigin[] = [];
  const problems: Problem[] = [];
  for (const [index, origin] of model.origins.entries()) {
    const outcome = await resolveOrigin(model, index, origin, baseFolder);
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
    close: () => reader.close(),
  });
}

async function resolveOrigin(
  model: StageModel,
  index: number,
  { source, layouts }: WeightOrigin,
  baseFolder: string,
): Promise<Outcome<ResolvedOrigin>> {
  if (source.kind === 'random') {
    return ok({
      fingerprint: `random ${source.seed}`,
      source: () => ({ kind: 'random', noise: noiseTable(source.seed) }),
    });
  }
  const checkpoint = await openCheckpoint(checkpointFolder(source.folder, baseFolder));
  if (!checkpoint.ok) return checkpoint;
  const needed = neededTensors([model], (_, origin) => origin === index);
  const match = matchKeys(needed, layouts, checkpoint.value);
  if (!match.ok) return match;
  return ok({
    fingerprint: `${checkpoint.value.fingerprint} ${match.value.layout.title}`,
    source: (reader) => checkpointSource(match.value, reader),
  });
}

function checkpointSource({ entries }: KeyMatch, reader: TensorReader): TensorSource {
  return {
    kind: 'checkpoint',
    rows(tensor, first, count) {
      const entry = entries.get(tensor.name);
      if (!entry) throw new Error(`"${tensor.name}" was not matched before it was read.`);
      return reader.readRows(entry, first, count);
    },
  };
}
