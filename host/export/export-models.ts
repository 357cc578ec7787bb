/** Writes the ONNX graphs of a document, as the builder makes them and before ONNX Runtime changes them, into a folder. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { formatBytes } from '#engine/contract/format.ts';
import {
  manifestName,
  type ExportedFile,
  type ExportRequest,
} from '#engine/contract/model-export.ts';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import {
  exportedGraphs,
  graphsByStage,
  modelFile,
  weightsFile,
  type ExportedGraph,
} from '#engine/export/exported-graphs.ts';
import { exportManifest } from '#engine/export/manifest.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { encodeModel } from '#engine/onnx/encode-model.ts';
import { layoutWeights } from '#engine/onnx/weight-layout.ts';
import { planGraph } from '#engine/plan/plan.ts';
import { catalogue } from '#nodes/index.ts';
import { freeBytes } from '../cache/disk-room.ts';
import type { CancelSwitch } from '../sessions/progress.ts';
import type { Emit } from '../stages/pass.ts';
import { stageProgress } from '../stages/stage-progress.ts';
import { onnxRuntimeVersion } from '../system/machine.ts';
import { packageVersion } from '../system/package-root.ts';
import { writeWholeFolder } from '../system/whole-folder.ts';
import type { FileDigests, TellRead } from '../weights/file-digests.ts';
import { resolveWeights } from '../weights/model-weights.ts';
import { writeWeights } from '../weights/write-weights.ts';

interface Surroundings {
  readonly digests: FileDigests;
  /** Told of progress as of a run's: a graph's title as its stage, and how many bytes of all graphs are written. */
  readonly emit: Emit;
  readonly cancel: CancelSwitch;
  /** By which what is written may be read by others. */
  readonly userMask: number;
}

/** One graph of those that are exported, and where its bytes stand among those of all. */
interface Writing extends Surroundings {
  readonly folder: string;
  readonly baseFolder: string;
  readonly before: number;
  readonly totalBytes: number;
}

/** A graph with errors is not exported; of what it has to be warned of, `emit` tells. */
export async function exportModels(
  { document, folder, baseFolder = process.cwd() }: ExportRequest,
  surroundings: Surroundings,
): Promise<Outcome<null>> {
  const checked = checkGraph(document, catalogue);
  const plan = planGraph(checked);
  if (!plan.ok) return plan;
  const byStage = graphsByStage(plan.value);
  const graphs = exportedGraphs(byStage);
  if (graphs.length === 0) return fail(nothingToExport);
  const sizes = graphs.map(({ model }) => layoutWeights(model).totalBytes);
  const totalBytes = sizes.reduce((sum, bytes) => sum + bytes, 0);
  return writeWholeFolder(folder, surroundings.userMask, async (beside) => {
    const room = await roomFor(totalBytes, dirname(beside));
    if (!room.ok) return room;
    const files: ExportedFile[] = [];
    let before = 0;
    for (const [place, graph] of graphs.entries()) {
      const writing = { ...surroundings, folder: beside, baseFolder, before, totalBytes };
      const written = await writeGraph(graph, writing);
      if (!written.ok) return written;
      files.push(...written.value);
      before += sizes[place] ?? 0;
    }
    const versions = { patchbay: packageVersion, onnxRuntime: onnxRuntimeVersion };
    const manifest = exportManifest(document.title, plan.value, byStage, versions, files);
    await writeFile(join(beside, manifestName), `${JSON.stringify(manifest, null, 2)}\n`);
    return surroundings.cancel.check();
  });
}

const nothingToExport = error(
  'output-missing',
  'No node of this graph is a model, so there is nothing to export; add an encoder, a projector or a language model.',
);

/** Known before it is written rather than after it. */
async function roomFor(totalBytes: number, folder: string): Promise<Outcome<null>> {
  const free = await freeBytes(folder);
  if (totalBytes <= free) return ok(null);
  const message = `The models take ${formatBytes(totalBytes)}, and the disk of ${folder} has ${formatBytes(free)} left; free some, or choose another disk.`;
  return fail(error('file-unwritable', message));
}

async function writeGraph(
  graph: ExportedGraph,
  { folder, baseFolder, digests, emit, cancel, before, totalBytes }: Writing,
): Promise<Outcome<readonly ExportedFile[]>> {
  const { model, title, node } = graph;
  const progress = stageProgress({ id: title, node }, { emit, cancel });
  const tellRead: TellRead = (done, total) => progress.tell('reading', done, total);
  const weights = await resolveWeights(model, { baseFolder, digests, tell: tellRead });
  if (!weights.ok) return weights;
  const layout = layoutWeights(model);
  const names = [modelFile(graph)];
  const name = weightsFile(graph);
  try {
    if (name !== null) {
      names.push(name);
      const file = await open(join(folder, name), 'wx');
      try {
        const tell = (filled: number) => progress.tell('building', before + filled, totalBytes);
        const written = await writeWeights(model, layout, file, weights.value.sourceOf, tell);
        if (!written.ok) return written;
      } finally {
        await file.close();
      }
      const unchanged = await weights.value.unchanged();
      if (!unchanged.ok) return unchanged;
    }
  } finally {
    weights.value.close();
  }
  await writeFile(
    join(folder, modelFile(graph)),
    encodeModel(model, layout, name ?? '', graph.stem),
  );
  const files: ExportedFile[] = [];
  for (const each of names) {
    const described = await describeFile(folder, each, tellRead);
    if (!described.ok) return described;
    files.push(described.value);
  }
  return ok(files);
}

/** By what the disk gives back. */
async function describeFile(
  folder: string,
  name: string,
  tell: TellRead,
): Promise<Outcome<ExportedFile>> {
  const hash = createHash('sha256');
  const path = join(folder, name);
  const { size } = await stat(path);
  let bytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) {
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    const told = await tell(bytes, size);
    if (!told.ok) return told;
  }
  return ok({ name, bytes, sha256: hash.digest('hex') });
}
