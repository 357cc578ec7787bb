/** A loaded model together with the memory it turned out to hold. */
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { StageModel } from '#engine/onnx/model.ts';
import type { LoadedModel } from '../sessions/load-model.ts';
import { residentBytes } from '../sessions/memory.ts';
import { stageProgress, type ProgressRow } from './stage-progress.ts';
import type { StageContext } from './stage-runner.ts';

export interface HeldModel {
  readonly loaded: LoadedModel;
  /** Resident memory of the model between passes: packed weights and the arena that stays. */
  ownBytes: number;
}

/** By session, so that a model that stays loaded keeps what was measured when it was first warmed up. */
const measured = new WeakMap<object, number>();

export async function holdModel(
  row: ProgressRow,
  model: StageModel,
  title: string,
  threads: number,
  context: StageContext,
): Promise<Outcome<HeldModel>> {
  const { loader, baseFolder } = context;
  const loaded = await loader.load({
    model,
    title,
    threads,
    baseFolder,
    progress: stageProgress(row, context),
  });
  if (!loaded.ok) return loaded;
  return ok({ loaded: loaded.value, ownBytes: measured.get(loaded.value.session) ?? 0 });
}

/** After the first run has touched everything: what the model added. */
export function measureModel(held: HeldModel): void {
  const { session, residentBefore } = held.loaded;
  if (!measured.has(session)) {
    measured.set(session, Math.max(0, residentBytes() - residentBefore));
  }
  held.ownBytes = measured.get(session) ?? 0;
}

/** A word about the models of a row, each of them measured now at the latest. */
export function settleModels(
  stage: string,
  models: readonly HeldModel[],
  { emit }: StageContext,
): void {
  for (const held of models) measureModel(held);
  const sum = (pick: (held: HeldModel) => number) =>
    models.reduce((total, held) => total + pick(held), 0);
  const found = (['built', 'cached', 'loaded'] as const).find((how) =>
    models.some(({ loaded }) => loaded.found === how),
  );
  emit({
    type: 'stage-loaded',
    stage,
    weightsBytes: sum(({ loaded }) => loaded.weightsBytes),
    residentBytes: sum(({ ownBytes }) => ownBytes),
    models: models.map(({ loaded, ownBytes }) => ({
      key: loaded.key,
      weightsBytes: loaded.weightsBytes,
      residentBytes: ownBytes,
    })),
    loadMs: sum(({ loaded }) => loaded.loadMs),
    found: found ?? 'loaded',
  });
}

/** A model just loaded still has to be warmed up. */
export const isCold = ({ loaded }: HeldModel): boolean => !measured.has(loaded.session);
