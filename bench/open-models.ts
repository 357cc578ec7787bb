/** The language model of a graph, and its draft, opened without a run. */
import type { GraphDocument } from '#engine/contract/document.ts';
import { ok } from '#engine/contract/outcome.ts';
import { checkGraph } from '#engine/graph/check.ts';
import type { LanguageGraphs } from '#engine/node/decoder-protocol.ts';
import type { LanguageModelStep } from '#engine/node/host-step.ts';
import type { DraftPart } from '#engine/node/part.ts';
import type { StageModel } from '#engine/onnx/model.ts';
import { planGraph } from '#engine/plan/plan.ts';
import { LanguageModel } from '#host/language/language-model.ts';
import type { ModelLoader } from '#host/sessions/load-model.ts';
import type { Session } from '#host/sessions/sessions.ts';
import { threadCount } from '#host/system/machine.ts';
import { catalogue } from '#nodes/index.ts';

export interface DraftedStep extends LanguageModelStep {
  readonly decoding: DraftPart;
}

/** What the graph's only language model does. */
export function languageStep(document: GraphDocument): LanguageModelStep {
  const plan = planGraph(checkGraph(document, catalogue));
  if (!plan.ok) throw new Error(JSON.stringify(plan.problems));
  for (const { body } of plan.value.stages) {
    if (body.kind === 'host' && body.step.kind === 'generate') return body.step;
  }
  throw new Error(`"${document.title}" has no language model.`);
}

/** The same, guessed for by a draft. */
export function draftedStep(document: GraphDocument): DraftedStep {
  const step = languageStep(document);
  const { decoding } = step;
  if (decoding.kind === 'draft') return { ...step, decoding };
  throw new Error(`"${document.title}" has no draft.`);
}

/** As the engine opens one without boundaries: looking rows up is not worth a second thread. */
export async function openModel(
  graphs: LanguageGraphs,
  loader: ModelLoader,
): Promise<LanguageModel> {
  const open = async (model: StageModel, threads: number): Promise<Session> => {
    const progress = { tell: () => Promise.resolve(ok(null)), warn: () => undefined };
    const request = { model, title: 'Language model', threads, baseFolder: '.', progress };
    const loaded = await loader.load(request);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
    return loaded.value.session;
  };
  const embed = await open(graphs.embed, 1);
  const decoder = await open(graphs.decoder.model, threadCount);
  const prefill = graphs.prefill && (await open(graphs.prefill.model, threadCount));
  return new LanguageModel(graphs, [], embed, decoder, prefill);
}
