/** The contract, as bytes of a request come to it. */
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { z } from 'zod';
import type { Json } from '#engine/contract/document.ts';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { router, type Services } from '#engine/contract/router.ts';
import type { RunRequest } from '#engine/contract/run-request.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { applyOverrides } from '#engine/plan/apply-overrides.ts';
import { planGraph } from '#engine/plan/plan.ts';
import { catalogue } from '#nodes/index.ts';
import { complaintOf } from './complaint.ts';
import { jsonSample, type Reader } from './reader.ts';

const document = sketchDocument(
  {
    image: ['input/image', { source: { kind: 'scene', seed: 1 } }],
    prompt: ['input/prompt', { text: 'Say something.' }],
    language: [
      'language/decoder',
      {
        model: 'custom',
        vocabularySize: 256,
        hiddenSize: 32,
        layerCount: 1,
        headCount: 2,
        keyValueHeadCount: 1,
        headSize: 16,
        feedForwardSize: 64,
        contextLength: 64,
      },
    ],
    answer: ['output/answer'],
  },
  ['prompt.text > language.prompt', 'language.answer > answer.answer'],
) as unknown as Json;

/** By procedure, an input that it takes. */
const inputs: readonly (readonly [procedure: string, input: Json])[] = [
  [
    'startRun',
    {
      document,
      runs: 1,
      prompt: 'a',
      seed: 7,
      maxNewTokens: 3,
      until: 'language',
      images: [
        { kind: 'file', path: '/tmp/a.png' },
        { kind: 'sample', name: 'still-life' },
      ],
      baseFolder: '/tmp',
    },
  ],
  ['startRun', { document, runs: 2, video: { kind: 'none' } }],
  ['startExport', { document, folder: '/tmp/models', baseFolder: '/tmp' }],
  ['check', { document, baseFolder: '/tmp' }],
  ['preset', 'shapes-llava'],
  ['cancelRun', { runId: 'a', hard: true }],
  ['files.listFolder', '/tmp'],
  ['files.openFile', '/tmp/a.patchbay.json'],
  ['files.saveDocument', { path: '/tmp/a', document, stamp: null, overwrite: false }],
  ['files.forgetRecentFile', '/tmp/a'],
  ['files.keepDraft', { id: 'a', window: 'w', path: null, stamp: null, document, unsaved: true }],
  ['files.dropDraft', 'a'],
  ['files.keepPreferences', { theme: 'dark', panels: [1, 2, null] }],
  ['files.keepPicture', { name: 'a.png', base64: 'AAAA' }],
  ['files.picture', { source: { kind: 'scene', seed: 3 }, maxSide: 64, baseFolder: '/tmp' }],
  ['files.folderConfig', { folder: '/tmp', baseFolder: '/tmp' }],
];

/** What gets through is a graph that can be checked and planned; nothing on this machine is touched. */
const services: Services = {
  host: answering({
    startRun: (request: RunRequest) => {
      const changed = applyOverrides(request.document, request, catalogue);
      if (!changed.ok) return changed;
      const plan = planGraph(checkGraph(changed.value, catalogue));
      return plan.ok ? ok({ runId: 'a' }) : plan;
    },
    check: ({ document: checked }: Pick<RunRequest, 'document'>) =>
      checkGraph(checked, catalogue).problems,
  }),
  files: answering({}),
};

/** Answers every other call with null. */
function answering(calls: Readonly<Record<string, (input: never) => unknown>>): never {
  return new Proxy({} as never, {
    get: (_, name) => calls[String(name)] ?? (() => Promise.resolve(null)),
  });
}

const endpoint = '/rpc';

const answerSchema = z.union([
  z.object({ result: z.object({ data: z.unknown() }) }),
  z.object({ error: z.object({ message: z.string() }) }),
]);

export const contractReader: Reader = {
  name: 'contract',
  about: 'requests to every procedure: refused in a sentence, or passed on and the graph planned',
  samples: () => Promise.resolve(inputs.map(([procedure, input]) => jsonSample(procedure, input))),
  async read({ bytes, file: procedure }): Promise<Outcome<unknown>> {
    const response = await fetchRequestHandler({
      endpoint,
      router,
      req: new Request(`http://127.0.0.1${endpoint}/${procedure}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: bytes,
      }),
      allowMethodOverride: true,
      createContext: () => services,
    });
    const answer = answerSchema.parse(await response.json());
    if (response.status >= 500) throw new Error(JSON.stringify(answer));
    if ('error' in answer) return fail(error('document-invalid', answer.error.message));
    const { data } = answer.result;
    if (procedure !== 'startRun') return ok(data);
    const complaint = complaintOf(data);
    if (complaint !== null) throw new Error(complaint);
    return data as Outcome<unknown>;
  },
};
