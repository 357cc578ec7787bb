/** What the engine process held in the course of a run: a pure fold over what was sampled and what was measured. */
import type { MemoryKind, MemoryMoment } from '../contract/report.ts';
import type { RunEvent, StageFacts } from '../contract/run-event.ts';

type Sampled = Extract<RunEvent, { type: 'memory-sampled' }>;
type Measured = Extract<RunEvent, { type: 'stage-measured' }>;
type Loaded = Extract<RunEvent, { type: 'stage-loaded' }>;
type Bytes = Readonly<Record<MemoryKind, number>>;

/** By time. What a stage measured is told behind the samples of its span, and those that are told late are put in order. */
export function memoryOverTime(events: readonly RunEvent[]): readonly MemoryMoment[] {
  const loads = heldModels(events);
  const rows = new Map(
    events.flatMap((event) => (event.type === 'stage-loaded' ? [[event.stage, event]] : [])),
  );
  const facts = events.find((event) => event.type === 'run-started')?.stages ?? [];
  const states = new Map<string, number>();
  const ownerOf = stateOwners(facts, rows);
  return samplesInTime(events).map(({ sample, span, ended }) => {
    const held = sumOf(loads.filter(({ sinceMs }) => sinceMs <= sample.atMs));
    const activations = span
      ? activationsOf(span, rows.get(span.stage), states.get(ownerOf(span.stage)) ?? 0)
      : 0;
    for (const row of ended) states.set(ownerOf(row.stage), stateOf(row));
    const state = [...states.values()].reduce((sum, bytes) => sum + bytes, 0);
    const { atMs, residentBytes, stage, phase } = sample;
    return { atMs, residentBytes, byKind: { ...held, state, activations }, stage, phase };
  });
}

interface PlacedSample {
  readonly sample: Sampled;
  /** What was measured of the timed span in which it lies. */
  readonly span: Measured | undefined;
  /** What was measured of spans that had ended by then, and of none before. */
  readonly ended: readonly Measured[];
}

function samplesInTime(events: readonly RunEvent[]): readonly PlacedSample[] {
  const next = new Map<string, Measured>();
  const placed: PlacedSample[] = [];
  let behind: Measured[] = [];
  for (const event of events.toReversed()) {
    if (event.type === 'stage-measured') {
      next.set(event.stage, event);
      behind.push(event);
      continue;
    }
    if (event.type === 'memory-sampled') {
      const span = event.phase === 'running' ? next.get(event.stage ?? '') : undefined;
      placed.push({ sample: event, span, ended: behind.toReversed() });
    }
    behind = [];
  }
  return placed.toReversed().toSorted((a, b) => a.sample.atMs - b.sample.atMs);
}

interface HeldModel extends Pick<Bytes, 'weights' | 'packedCopies'> {
  readonly sinceMs: number;
}

/** Each model once, since the sample behind the row that told of it first; one that was still loaded, from the start. */
function heldModels(events: readonly RunEvent[]): readonly HeldModel[] {
  const held = new Map<string, HeldModel>();
  let untimed: Loaded[] = [];
  for (const event of events) {
    if (event.type === 'stage-loaded') untimed.push(event);
    if (event.type !== 'memory-sampled') continue;
    for (const { models, found } of untimed) {
      const sinceMs = found === 'loaded' ? 0 : event.atMs;
      for (const { key, weightsBytes, residentBytes } of models) {
        if (held.has(key)) continue;
        // Of weights that are read from a file only the pages that were touched are held.
        const weights = Math.min(weightsBytes, residentBytes);
        held.set(key, { sinceMs, weights, packedCopies: residentBytes - weights });
      }
    }
    untimed = [];
  }
  return [...held.values()];
}

const sumOf = (models: readonly HeldModel[]): Pick<Bytes, 'weights' | 'packedCopies'> => ({
  weights: models.reduce((sum, { weights }) => sum + weights, 0),
  packedCopies: models.reduce((sum, { packedCopies }) => sum + packedCopies, 0),
});

const stateOf = ({ keyValueBytes, recurrentBytes }: Measured): number =>
  keyValueBytes + recurrentBytes;

/** Its peak beyond what its models hold, and beyond what its state has grown by. */
function activationsOf(span: Measured, loaded: Loaded | undefined, stateBefore: number): number {
  const grownBytes = Math.max(0, stateOf(span) - stateBefore);
  return Math.max(0, span.peakBytes - (loaded?.residentBytes ?? 0) - grownBytes);
}

/** Rows of one node that run the same model carry one state; a draft has a model and a state of its own. */
function stateOwners(
  facts: readonly StageFacts[],
  rows: ReadonlyMap<string, Loaded>,
): (stage: string) => string {
  const owners = new Map(
    facts.map(({ id, node }) => {
      const keys = rows.get(id)?.models.map(({ key }) => key) ?? [];
      return [id, [node, ...keys].join(' ')];
    }),
  );
  return (stage) => owners.get(stage) ?? stage;
}
