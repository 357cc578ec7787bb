/** A loaded model together with the memory it turned out to hold. */
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { StageModel } from '#engine/onnx/model.ts';
import type { LoadedModel } from './load-model.ts';
import { residentBytes } from './memory.ts';
import { stageProgress } from './stage-progress.ts';
import type { StageContext } from './stage-runner.ts';

export interface HeldModel {
  readonly loaded: LoadedModel;
  /** Resident memory of the model between passes: packed weights and the arena that stays. */
  ownBytes: number;
}

/** By session, so that a model that stays loaded keeps what was measured when it was first warmed up. */
const measured = new WeakMap<object, number>();

export async function holdModel(
  stage: string,
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
    progress: stageProgress(stage, context),
  });
  if (!loaded.ok) return loaded;
  return ok({ loaded: loaded.value, ownBytes: measured.get(loaded.value.session) ?? 0 });
}

/** After the first run has touched everything: what the model added, and a word about it. */
export function settleModel(stage: string, held: HeldModel, { emit }: StageContext): void {
  const { session, residentBefore, weightsBytes, loadMs, found } = held.loaded;
  if (!measured.has(session)) {
    measured.set(session, Math.max(0, residentBytes() - residentBefore));
  }
  held.ownBytes = measured.get(session) ?? 0;
  emit({ type: 'stage-loaded', stage, weightsBytes, residentBytes: held.ownBytes, loadMs, found });
}

/** A model just loaded still has to be warmed up. */
export const isCold = ({ loaded }: HeldModel): boolean => !measured.has(loaded.session);
