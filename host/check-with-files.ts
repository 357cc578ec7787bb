/** Everything wrong with a graph, the files that it names included. */
import { resolve } from 'node:path';
import type { GraphDocument } from '#engine/contract/document.ts';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { Problem } from '#engine/contract/problem.ts';
import { hasErrors, warning } from '#engine/contract/problem.ts';
import { checkGraph, type CheckedGraph, type CheckedNode } from '#engine/graph/check.ts';
import { nodeTitle } from '#engine/graph/node-title.ts';
import type { HostStep } from '#engine/node/host-step.ts';
import type { StageModel } from '#engine/onnx/model.ts';
import type { WeightOrigin } from '#engine/onnx/weight.ts';
import type { Port } from '#engine/node/node-definition.ts';
import { planGraph, type Plan } from '#engine/plan/plan.ts';
import { catalogue } from '#nodes/index.ts';
import { loadClip } from './clips/load-clip.ts';
import { loadImage } from './images/load-image.ts';
import { languageFolder } from './reading/language-data.ts';
import { holdingOf } from './runs/memory-budget.ts';
import { openCheckpoint, type Checkpoint } from './weights/checkpoint.ts';
import { checkpointFolder } from './weights/checkpoint-folder.ts';
import { leftoverKeys, matchKeys, neededTensors, type KeyMatch } from './weights/match-keys.ts';
import { leftoverProblem } from './weights/misfits.ts';

/** What stands in `unchosen` is told and not looked at. */
export async function checkWithFiles(
  document: GraphDocument,
  baseFolder: string,
  unchosen: readonly Problem[] = [],
): Promise<readonly Problem[]> {
  const checked = checkGraph(document, catalogue);
  const plan = planGraph(checked);
  if (!plan.ok) {
    const planned = hasErrors(checked.problems) ? [] : plan.problems;
    return [...checked.problems, ...unchosen, ...planned];
  }
  const untouched = new Set(unchosen.map(({ unchosen: place }) => place));
  const files = await checkCheckpoints(checked, plan.value, baseFolder, untouched);
  const sources = await checkSources(plan.value, baseFolder, untouched);
  return [
    ...checked.problems,
    ...unchosen,
    ...files,
    ...idleChanges(checked, plan.value),
    ...sources,
    ...missingReaders(plan.value),
    ...memoryWarnings(checked, plan.value),
  ];
}

/** Languages of which no data is installed. */
function missingReaders({ stages }: Plan): readonly Problem[] {
  return stages.flatMap(({ id, body }) => {
    if (body.kind !== 'host' || body.step.kind !== 'read-text') return [];
    const folder = languageFolder(body.step.language);
    return folder.ok ? [] : folder.problems.map((problem) => ({ ...problem, node: id }));
  });
}

/** The graph is sound all the same: it may run on another machine. */
function memoryWarnings(checked: CheckedGraph, plan: Plan): readonly Problem[] {
  const holding = holdingOf(checked, plan);
  if (holding.ok) return [];
  return holding.problems.map((problem) => ({ ...problem, severity: 'warning' }));
}

/**
 * What changes weights shows only in the graphs that are built: no tensor of it, nothing changed. One that has no tensors
 * of its own leaves no such trace, and the checkpoint's check tells what it has left alone.
 */
function idleChanges({ nodes }: CheckedGraph, { stages }: Plan): readonly Problem[] {
  const models = stages.flatMap(({ body }) =>
    body.kind === 'onnx' ? [body.model] : modelsOf(body.step),
  );
  const used = new Set(models.flatMap(({ origins }) => origins.map(({ node }) => node)));
  const message =
    'This changes no tensor of what it is plugged into; name others in it, or unplug it.';
  return Object.values(nodes)
    .filter(({ id, definition, wired }) => {
      const adds = definition?.keyLayouts !== undefined;
      const changes = Object.values<Port>(definition?.outputs ?? {}).some(
        ({ kind }) => kind === 'weight-change',
      );
      return adds && changes && wired.size > 0 && !used.has(id);
    })
    .map(({ id }) => warning('parts-conflict', message, { node: id }));
}

interface MatchedOrigin {
  readonly node: string;
  readonly title: string;
  /** What is built into the same graph: parts that are plugged in. */
  readonly parts: readonly WeightOrigin[];
  readonly match: KeyMatch;
  readonly checkpoint: Checkpoint;
}

/** Paths that are not to be looked at. */
type Untouched = ReadonlySet<string | null | undefined>;

async function checkCheckpoints(
  { nodes }: CheckedGraph,
  { stages }: Plan,
  baseFolder: string,
  untouched: Untouched,
): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  const matched: MatchedOrigin[] = [];
  const open = once(openCheckpoint);
  for (const { id, title, body } of stages) {
    const models = body.kind === 'onnx' ? [body.model] : modelsOf(body.step);
    for (const origin of new Set(models.flatMap(({ origins }) => origins))) {
      if (origin.source.kind !== 'checkpoint') continue;
      const folder = checkpointFolder(origin.source.folder, baseFolder);
      if (untouched.has(folder)) continue;
      const checkpoint = await open(folder);
      const match = checkpoint.ok
        ? matchKeys(neededFrom(models, origin), origin.layouts, checkpoint.value)
        : checkpoint;
      if (checkpoint.ok && match.ok)
        matched.push({
          node: origin.node,
          title: origin.node === id ? title : nodeTitle(nodes[origin.node] as CheckedNode),
          parts: origin.node === id ? partsBeside(origin, models) : [],
          match: match.value,
          checkpoint: checkpoint.value,
        });
      else if (!match.ok)
        problems.push(...match.problems.map((problem) => ({ ...problem, node: origin.node })));
    }
  }
  const used = usedByFolder(matched);
  return [...problems, ...matched.flatMap((origin) => leftovers(origin, used))];
}

function partsBeside(host: WeightOrigin, models: readonly StageModel[]): readonly WeightOrigin[] {
  return models
    .filter(({ origins }) => origins.includes(host))
    .flatMap(({ origins }) => origins.filter((origin) => origin !== host));
}

function neededFrom(models: readonly StageModel[], origin: WeightOrigin) {
  return neededTensors(models, (model, index) => model.origins[index] === origin);
}

type UsedByFolder = ReadonlyMap<string, ReadonlySet<string>>;

/** The tensors that the nodes of the graph take from each folder. */
function usedByFolder(matched: readonly MatchedOrigin[]): UsedByFolder {
  const used = new Map<string, Set<string>>();
  for (const { match, checkpoint } of matched) {
    const names = used.get(checkpoint.folder) ?? new Set();
    for (const { name } of match.entries.values()) names.add(name);
    used.set(checkpoint.folder, names);
  }
  return used;
}

/**
 * A tensor that another node of the graph takes from the same folder is not left over; nor is one that belongs to a part,
 * whose own to say it is, and which may take its weights from elsewhere.
 */
function leftovers(
  { node, title, parts, match, checkpoint }: MatchedOrigin,
  used: UsedByFolder,
): readonly Problem[] {
  const usedElsewhere = used.get(checkpoint.folder) ?? new Set();
  const isOfPart = (key: string): boolean =>
    parts.some(({ layouts }) => layouts.some(({ owns }) => owns(key)));
  const left = leftoverKeys(match, checkpoint, usedElsewhere).filter(({ name }) => !isOfPart(name));
  return left.length > 0 ? [leftoverProblem(left, title, node)] : [];
}

function modelsOf(step: HostStep): readonly StageModel[] {
  if (step.kind !== 'generate') return [];
  const { graphs, decoding } = step;
  const all = decoding.kind === 'draft' ? [graphs, decoding.graphs] : [graphs];
  return all.flatMap(({ embed, decoder }) => [embed, decoder.model]);
}

async function checkSources(
  { stages }: Plan,
  baseFolder: string,
  untouched: Untouched,
): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  const load = once((step: SourceStep) => loadSource(step, baseFolder));
  for (const { id, body } of stages) {
    if (body.kind !== 'host' || !readsFile(body.step)) continue;
    if (untouched.has(sourcePath(body.step, baseFolder))) continue;
    const loaded = await load(body.step);
    if (!loaded.ok) problems.push(...loaded.problems.map((problem) => ({ ...problem, node: id })));
  }
  return problems;
}

type SourceStep = Extract<HostStep, { kind: 'load-image' | 'load-clip' }>;

const readsFile = (step: HostStep): step is SourceStep =>
  step.kind === 'load-image' || step.kind === 'load-clip';

/** Of a step that reads a file of the graph. */
const sourcePath = ({ source }: SourceStep, baseFolder: string): string | null =>
  'path' in source ? resolve(baseFolder, source.path) : null;

/** Can it be loaded? What is, is not kept. */
async function loadSource(step: SourceStep, baseFolder: string): Promise<Outcome<null>> {
  const loaded =
    step.kind === 'load-image'
      ? await loadImage(step.source, baseFolder)
      : await loadClip(step.source, step.frames, { baseFolder });
  return loaded.ok ? ok(null) : loaded;
}

/** Loads each thing once: the pipelines of a comparison read the same folders and pictures. */
function once<Key, Value>(load: (key: Key) => Promise<Value>): (key: Key) => Promise<Value> {
  const known = new Map<string, Promise<Value>>();
  return (key) => {
    const name = JSON.stringify(key);
    const loaded = known.get(name) ?? load(key);
    known.set(name, loaded);
    return loaded;
  };
}
