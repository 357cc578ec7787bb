/** Nothing but session calls: the language model's own graph, with tensors of the shapes the engine gives it. */
import * as ort from 'onnxruntime-node';
import type { GraphDocument } from '#engine/contract/document.ts';
import { checkGraph } from '#engine/graph/check.ts';
import type { LanguageModelStep } from '#engine/plan/host-step.ts';
import { planGraph } from '#engine/plan/plan.ts';
import { ok } from '#engine/contract/outcome.ts';
import { cacheFolder } from '#host/cache/cache-folder.ts';
import { StageCache } from '#host/cache/stage-cache.ts';
import { threadCount } from '#host/machine.ts';
import { ModelLoader } from '#host/runs/load-model.ts';
import type { Session } from '#host/runs/sessions.ts';
import { catalogue } from '#nodes/index.ts';

export interface BareRequest {
  readonly document: GraphDocument;
  readonly promptTokens: number;
  readonly newTokens: number;
}

/** Tokens per second. */
export interface BareResult {
  readonly prefill: number;
  readonly decode: number;
}

/** Answers each request with what the bare session did. */
export function runBareSession(): void {
  let opened: Promise<{ step: LanguageModelStep; session: Session }> | null = null;
  process.on('message', (request: BareRequest) => {
    opened ??= openBare(request.document);
    void opened
      .then(({ step, session }) => measure(step, session, request))
      .then((result) => process.send?.(result));
  });
  process.on('disconnect', () => process.exit());
}

async function openBare(
  document: GraphDocument,
): Promise<{ step: LanguageModelStep; session: Session }> {
  const plan = planGraph(checkGraph(document, catalogue));
  const stage = plan.ok
    ? plan.value.stages.find(({ type }) => type === 'language/decoder')
    : undefined;
  if (stage?.body.kind !== 'host' || stage.body.step.kind !== 'generate')
    throw new Error('No language model.');
  const { step } = stage.body;
  const cache = await StageCache.open(cacheFolder());
  if (!cache.ok) throw new Error(JSON.stringify(cache.problems));
  const loaded = await new ModelLoader(cache.value).load({
    model: step.decoder,
    title: stage.title,
    threads: threadCount,
    baseFolder: '.',
    progress: { tell: () => Promise.resolve(ok(null)) },
  });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return { step, session: loaded.value.session };
}

async function measure(
  step: LanguageModelStep,
  session: Session,
  { promptTokens, newTokens }: BareRequest,
): Promise<BareResult> {
  const { layerCount, heads, size } = step.keyValues;
  // As the engine reserves: prompt and new tokens, rounded up.
  const capacity = Math.ceil((promptTokens + newTokens) / 16) * 16;
  const cache = (room: number) =>
    Object.fromEntries(
      Array.from({ length: layerCount }, (_, layer) => layer).flatMap((layer) =>
        ['key', 'value'].map((part) => [
          `past.${layer}.${part}`,
          new ort.Tensor('float32', new Float32Array(heads * room * size), [1, heads, room, size]),
        ]),
      ),
    );
  const feeds = (count: number, cached: number) => ({
    embeddings: new ort.Tensor('float32', new Float32Array(count * step.hiddenSize).fill(0.01), [
      1,
      count,
      step.hiddenSize,
    ]),
    positions: new ort.Tensor(
      'int64',
      BigInt64Array.from({ length: count }, (_, place) => BigInt(cached + place)),
      [1, count],
    ),
    logitRows: new ort.Tensor('int64', BigInt64Array.of(BigInt(count - 1)), [1]),
    first: new ort.Tensor('bool', Uint8Array.of(cached === 0 ? 1 : 0), []),
    cachedLength: new ort.Tensor('int64', BigInt64Array.of(BigInt(cached)), []),
  });
  const time = async (given: Record<string, ort.Tensor>): Promise<number> => {
    const start = performance.now();
    await session.run(given);
    return performance.now() - start;
  };

  const prefillMs = await time({ ...cache(0), ...feeds(promptTokens, 0) });
  const past = cache(capacity);
  let decodeMs = 0;
  for (let token = 0; token < newTokens - 1; token++) {
    decodeMs += await time({ ...past, ...feeds(1, promptTokens + token) });
  }
  return {
    prefill: promptTokens / (prefillMs / 1000),
    decode: (newTokens - 1) / (decodeMs / 1000),
  };
}
