/** Loads the models of a language stage, each warmed up before the next, so that its memory is its own. */
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { LanguagePhase } from '#engine/contract/run-event.ts';
import type { LanguageGraphs } from '#engine/node/decoder-protocol.ts';
import type { BoundaryPart } from '#engine/node/part.ts';
import { holdModel, isCold, measureModel, settleModels } from '../stages/held-model.ts';
import { refusable } from '../sessions/load-model.ts';
import { stageProgress } from '../stages/stage-progress.ts';
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
  for (const { embed, decoder } of decoding.kind === 'draft'
    ? [graphs, decoding.graphs]
    : [graphs]) {
    for (const [model, threads] of [
      [embed, embedThreads],
      [decoder.model, decoderThreads],
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
  const { embed, decoder } = loaded.value;
  settleModels(row('embed'), [embed], context);
  settleModels(row('prefill'), [decoder], context);
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

  const { model: graph } = graphs.decoder;
  const decoder = await holdModel(
    { id: rows.decoder, node },
    graph,
    title,
    context.threads,
    context,
  );
  if (!decoder.ok) return decoder;
  const model = new LanguageModel(graphs, boundaries, session, decoder.value.loaded.session);
  if (isCold(decoder.value)) {
    context.emit({ type: 'stage-progress', stage: rows.decoder, phase: 'warming-up', run: 0 });
    const warmed = await refusable(title, async () => {
      await model.prefill(embedded.value, [], 1);
      await model.extend([0], 'last', 0);
    });
    if (!warmed.ok) return warmed;
  }
  measureModel(decoder.value);
  return ok({ embed: embed.value, decoder: decoder.value, model });
}
