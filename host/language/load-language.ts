/** Loads the models of a language stage, each warmed up before the next, so that its memory is its own. */
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { LanguagePhase } from '#engine/contract/run-event.ts';
import type { LanguageGraphs } from '#engine/node/decoder-protocol.ts';
import type { BoundaryPart } from '#engine/node/part.ts';
import type { StageModel } from '#engine/onnx/model.ts';
import {
  holdModel,
  isCold,
  measureModel,
  settleModels,
  type HeldModel,
} from '../stages/held-model.ts';
import { refusable } from '../sessions/load-model.ts';
import type { Session } from '../sessions/sessions.ts';
import { stageProgress, type ProgressRow } from '../stages/stage-progress.ts';
import type { StageContext } from '../stages/stage-runner.ts';
import { answerPhases } from './decoding.ts';
import { embedTokens } from './embed-tokens.ts';
import type { LanguageStage, LoadedLanguage, LoadedModel } from './generation.ts';
import { LanguageModel } from './language-model.ts';

/** A warm-up touches every weight; how long its sequence is does not matter. */
const warmUpTokens = 8;

// A row of the table is too little work to share between threads.
const embedThreads = 1;

/** The keys of all that will be loaded. */
export async function identifyModels({
  stage,
  step: { graphs, decoding },
  row,
  context,
}: LanguageStage): Promise<Outcome<readonly string[]>> {
  const { loader, baseFolder, threads: decoderThreads } = context;
  const progress = stageProgress({ id: row('prefill'), node: stage.id }, context);
  const keys: string[] = [];
  for (const all of decoding.kind === 'draft' ? [graphs, decoding.graphs] : [graphs]) {
    for (const [model, threads] of [
      [all.embed, embedThreads],
      [all.decoder.model, decoderThreads],
      ...(all.prefill ? [[all.prefill.model, decoderThreads] as const] : []),
    ] as const) {
      const identified = await loader.identify({ model, threads, baseFolder, progress });
      if (!identified.ok) return identified;
      keys.push(identified.value.key);
    }
  }
  return ok(keys);
}

export async function loadLanguage(language: LanguageStage): Promise<Outcome<LoadedLanguage>> {
  const { stage, step, row, context } = language;
  const { graphs, boundaries, decoding } = step;
  const loaded = await loadModel(language, graphs, boundaries, stage.title, {
    embed: row('embed'),
    decoder: row('prefill'),
  });
  if (!loaded.ok) return loaded;
  const { embed, decoder, prefill } = loaded.value;
  settleModels(row('embed'), [embed], context);
  settleModels(row('prefill'), [prefill], context);
  settleModels(row(answerPhases(step).at(-1) as LanguagePhase), [decoder], context);
  if (decoding.kind !== 'draft') {
    if (decoding.kind === 'early-exit') settleModels(row('draft'), [decoder], context);
    return ok({ ...loaded.value, draft: null });
  }
  const rows = { embed: row('draft'), decoder: row('draft') };
  const draft = await loadModel(language, decoding.graphs, [], decoding.title, rows);
  if (!draft.ok) return draft;
  settleModels(row('draft'), [draft.value.embed, draft.value.decoder], context);
  return ok({ ...loaded.value, draft: draft.value });
}

/** `rows` are those that its progress is told under. */
async function loadModel(
  { stage: { id: node }, context }: LanguageStage,
  graphs: LanguageGraphs,
  boundaries: readonly BoundaryPart[],
  title: string,
  rows: { readonly embed: string; readonly decoder: string },
): Promise<Outcome<LoadedModel>> {
  const embedTitle = `${title} · embedding`;
  const embed = await holdModel(
    { id: rows.embed, node },
    graphs.embed,
    embedTitle,
    embedThreads,
    context,
  );
  if (!embed.ok) return embed;
  const ids = Array.from({ length: warmUpTokens }, (_, index) => index % graphs.vocabularySize);
  const { session } = embed.value.loaded;
  const embedded = await refusable(title, () => embedTokens(session, ids));
  if (!embedded.ok) return embedded;
  measureModel(embed.value);

  const shared = { progress: { id: rows.decoder, node }, title, context };
  const made = (decoder: Session, prefill?: Session): LanguageModel =>
    new LanguageModel(graphs, boundaries, session, decoder, prefill);
  const reads = (model: LanguageModel) => model.prefill(embedded.value, [], 1);
  const reader = graphs.prefill
    ? await holdDecoder(graphs.prefill.model, shared, (own) => made(own), reads)
    : null;
  if (reader?.ok === false) return reader;
  const prefill = reader?.value.held;
  const decoder = await holdDecoder(
    graphs.decoder.model,
    shared,
    (own) => made(own, prefill?.loaded.session),
    async (model) => {
      await reads(model);
      await model.extend([0], 'last', 0);
    },
  );
  if (!decoder.ok) return decoder;
  const { held, model } = decoder.value;
  return ok({ embed: embed.value, decoder: held, prefill: prefill ?? held, model });
}

interface HeldDecoder {
  readonly held: HeldModel;
  readonly model: LanguageModel;
}

/** Loads a decoder and, where that is new, runs it once before another is loaded, so that what it adds to memory is its own. */
async function holdDecoder(
  graph: StageModel,
  { progress, title, context }: Shared,
  made: (session: Session) => LanguageModel,
  warmUp: (model: LanguageModel) => Promise<unknown>,
): Promise<Outcome<HeldDecoder>> {
  const held = await holdModel(progress, graph, title, context.threads, context);
  if (!held.ok) return held;
  const model = made(held.value.loaded.session);
  if (isCold(held.value)) {
    const { id: stage } = progress;
    context.emit({ type: 'stage-progress', stage, phase: 'warming-up', run: 0 });
    const warmed = await refusable(title, () => warmUp(model));
    if (!warmed.ok) return warmed;
  }
  measureModel(held.value);
  return ok({ held: held.value, model });
}

/** What both graphs of a model are loaded with. */
interface Shared {
  readonly progress: ProgressRow;
  readonly title: string;
  readonly context: StageContext;
}
