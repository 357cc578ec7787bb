/**
 * Nothing but session calls: the language model's own two graphs, its embedding and its decoder, with tensors of the
 * shapes the engine gives them.
 */
import * as ort from 'onnxruntime-node';
import type { GraphDocument } from '#engine/contract/document.ts';
import { checkGraph } from '#engine/graph/check.ts';
import type { StageModel } from '#engine/onnx/model.ts';
import { decoderInput, newName, pastName, stateBytes } from '#engine/node/decoder-protocol.ts';
import type { LanguageModelStep } from '#engine/node/host-step.ts';
import { planGraph } from '#engine/plan/plan.ts';
import { ok } from '#engine/contract/outcome.ts';
import { cacheFolder } from '#host/cache/cache-folder.ts';
import { StageCache } from '#host/cache/stage-cache.ts';
import { threadCount } from '#host/system/machine.ts';
import { ModelLoader } from '#host/sessions/load-model.ts';
import type { Session } from '#host/sessions/sessions.ts';
import { catalogue } from '#nodes/index.ts';

export interface BareRequest {
  readonly document: GraphDocument;
  readonly promptTokens: number;
  readonly newTokens: number;
}

export interface BareResult {
  /** Tokens per second. */
  readonly prefill: number;
  readonly decode: number;
  /** Behind the prompt. */
  readonly stateBytes: number;
}

/** The argument by which the program knows that it is the other side. */
export const bareArgument = 'bare-session';

/** Answers each request with what the bare session did. */
export function runBareSession(): void {
  let opened: Promise<BareModel> | null = null;
  process.on('message', (request: BareRequest) => {
    // One model a process.
    opened ??= openBare(request.document);
    void opened.then((model) => measure(model, request)).then((result) => process.send?.(result));
  });
  process.on('disconnect', () => process.exit());
}

interface BareModel {
  readonly step: LanguageModelStep;
  readonly embed: Session;
  readonly decoder: Session;
}

async function openBare(document: GraphDocument): Promise<BareModel> {
  const plan = planGraph(checkGraph(document, catalogue));
  const stage = plan.ok
    ? plan.value.stages.find(({ type }) => type.startsWith('language/'))
    : undefined;
  if (stage?.body.kind !== 'host' || stage.body.step.kind !== 'generate')
    throw new Error('No language model.');
  const { step } = stage.body;
  const cache = await StageCache.open(cacheFolder());
  if (!cache.ok) throw new Error(JSON.stringify(cache.problems));
  const loader = new ModelLoader(cache.value);
  const open = async (model: StageModel, threads: number): Promise<Session> => {
    const progress = { tell: () => Promise.resolve(ok(null)), warn: () => undefined };
    const { title } = stage;
    const loaded = await loader.load({ model, title, threads, baseFolder: '.', progress });
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
    return loaded.value.session;
  };
  // As the engine does: looking rows up is not worth a second thread.
  const { embed, decoder } = step.graphs;
  return { step, embed: await open(embed, 1), decoder: await open(decoder.model, threadCount) };
}

async function measure(
  { step, embed, decoder }: BareModel,
  { promptTokens, newTokens }: BareRequest,
): Promise<BareResult> {
  const { state } = step.graphs.decoder;
  // As the engine reserves: prompt and new tokens, rounded up.
  const capacity = Math.ceil((promptTokens + newTokens) / 16) * 16;
  // Written to, as a cache is: memory that is only read as zeros is one and the same page of the system, and so
  // always at hand.
  const numbers = (count: number) =>
    Float32Array.from({ length: count }, (_, index) => Math.sin(index));
  const cache = (room: number) =>
    Object.fromEntries(
      state.map((tensor) => {
        const shape =
          tensor.kind === 'recurrent' ? tensor.shape : [1, tensor.heads, room, tensor.size];
        const count = shape.reduce((product, size) => product * size, 1);
        return [pastName(tensor), new ort.Tensor('float32', numbers(count), shape)];
      }),
    );
  const feeds = (embeddings: ort.Tensor, count: number, cached: number) => ({
    [decoderInput.embeddings]: embeddings,
    [decoderInput.positions]: new ort.Tensor(
      'int64',
      BigInt64Array.from({ length: count }, (_, place) => BigInt(cached + place)),
      [1, count],
    ),
    [decoderInput.reach]: new ort.Tensor('int64', BigInt64Array.of(BigInt(cached + count - 1)), []),
    [decoderInput.logitRows]: new ort.Tensor('int64', BigInt64Array.of(BigInt(count - 1)), [1]),
    [decoderInput.fused]: new ort.Tensor('bool', Uint8Array.of(cached === 0 ? 1 : 0), []),
    [decoderInput.cachedLength(0)]: new ort.Tensor('int64', BigInt64Array.of(BigInt(cached)), []),
  });
  // A graph is fed what it declares; one without attention declares less.
  const declared = new Set(step.graphs.decoder.model.inputs.map(({ name }) => name));
  const fed = (all: Record<string, ort.Tensor>): Record<string, ort.Tensor> =>
    Object.fromEntries(Object.entries(all).filter(([name]) => declared.has(name)));
  // Another at each place, as in the engine's prompt: alike ones would all be sent to the same experts.
  const idAt = (place: number): bigint => BigInt((place * 7919) % step.graphs.vocabularySize);
  const embedded = async (count: number, from = 0): Promise<ort.Tensor> => {
    const all = BigInt64Array.from({ length: count }, (_, place) => idAt(from + place));
    const ids = new ort.Tensor('int64', all, [1, count]);
    return (await embed.run({ ids }))['embeddings'] as ort.Tensor;
  };

  const prompt = fed({
    ...cache(0),
    ...feeds(await embedded(promptTokens), promptTokens, 0),
  });
  const prefillStart = performance.now();
  await decoder.run(prompt);
  const prefillMs = performance.now() - prefillStart;

  const past: Record<string, ort.Tensor> = cache(capacity);
  const recurrent = state.filter(({ kind }) => kind === 'recurrent');
  const decodeStart = performance.now();
  for (let token = 0; token < newTokens - 1; token++) {
    const place = promptTokens + token;
    const given = await decoder.run(fed({ ...past, ...feeds(await embedded(1, place), 1, place) }));
    // Whoever runs the session reads next what was written now: the old state would lie in the processor's caches.
    for (const tensor of recurrent) past[pastName(tensor)] = given[newName(tensor)] as ort.Tensor;
  }
  const decodeMs = performance.now() - decodeStart;
  const held = stateBytes(state, [promptTokens]);
  return {
    prefill: promptTokens / (prefillMs / 1000),
    decode: (newTokens - 1) / (decodeMs / 1000),
    stateBytes: held.keyValueBytes + held.recurrentBytes,
  };
}
