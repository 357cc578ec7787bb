/** The one contract between page, window, command line and engine: schemas, types, client and server in one place. */
import { initTRPC, tracked, TRPCError } from '@trpc/server';
import { z } from 'zod';
import { sizedText } from './sized.ts';
import { calibrationRequestSchema, type CalibrationRequest } from './calibration.ts';
import { documentLimits, documentSchema, nestsDeeper, type GraphDocument } from './document.ts';
import {
  configRequestSchema,
  draftSchema,
  pictureRequestSchema,
  pictureUploadSchema,
  placeSchema,
  saveRequestSchema,
  type ConfigRequest,
  type Draft,
  type FileService,
  type PictureRequest,
  type PictureUpload,
  type Place,
  type SaveRequest,
} from './file-service.ts';
import type { HostService } from './host-service.ts';
import { exportRequestSchema, type ExportRequest } from './model-export.ts';
import { plainSentence } from './plain-sentence.ts';
import { runRequestSchema, type RunRequest } from './run-request.ts';

/** Whom the procedures ask. */
export interface Services {
  readonly host: HostService;
  readonly files: FileService;
}

const trpc = initTRPC.context<Services>().create({
  // Otherwise a stack would go along with every error.
  isDev: false,
  errorFormatter: ({ shape, error, path }) => ({
    ...shape,
    message: plainSentence(refusalSentence(error, path ?? 'unknown')),
  }),
  sse: {
    // A connection that has died without a word is noticed, and taken up again where it broke off.
    ping: { enabled: true, intervalMs: 5_000 },
    client: { reconnectAfterInactivityMs: 20_000 },
  },
});

/** A graph within a request, and one of its values within a list of them. */
const requestDepth = documentLimits.depth + 8;

/** Before any schema looks at it: schemas and writers go down into values step by step, until the stack is full. */
const procedure = trpc.procedure.use(async ({ getRawInput, next }) => {
  if (nestsDeeper(await getRawInput(), requestDepth)) {
    const message = `its values are nested more than ${requestDepth} deep, which nothing of Patchbay is.`;
    throw new TRPCError({ code: 'BAD_REQUEST', message });
  }
  return next();
});

const eventIdPattern = /^\d{1,15}$/;

/** Inputs as callers hold them: read-only. */
const graphInput: z.ZodType<GraphDocument, GraphDocument> = documentSchema;
const runInput: z.ZodType<RunRequest, RunRequest> = runRequestSchema;
const calibrationInput: z.ZodType<CalibrationRequest, CalibrationRequest> =
  calibrationRequestSchema;
const exportInput: z.ZodType<ExportRequest, ExportRequest> = exportRequestSchema;
const saveInput = (value: unknown): SaveRequest => asGiven(saveRequestSchema, value);
const draftInput = (value: unknown): Draft => asGiven(draftSchema, value);
const pictureInput: z.ZodType<PictureRequest, PictureRequest> = pictureRequestSchema;
const configInput: z.ZodType<ConfigRequest, ConfigRequest> = configRequestSchema;
const uploadInput: z.ZodType<PictureUpload, PictureUpload> = pictureUploadSchema;
const placeInput: z.ZodType<Place, Place> = placeSchema;
const pathInput = sizedText(1, 4096);

const files = trpc.router({
  choosePlace: procedure
    .input(placeInput)
    .mutation(({ ctx, input }) => ctx.files.choosePlace(input)),
  listFolder: procedure
    .input(pathInput.nullable())
    .query(({ ctx, input }) => ctx.files.listFolder(input)),
  openFile: procedure.input(pathInput).mutation(({ ctx, input }) => ctx.files.openFile(input)),
  saveDocument: procedure
    .input(saveInput)
    .mutation(({ ctx, input }) => ctx.files.saveDocument(input)),
  recentFiles: procedure.query(({ ctx }) => ctx.files.recentFiles()),
  forgetRecentFile: procedure
    .input(pathInput)
    .mutation(({ ctx, input }) => ctx.files.forgetRecentFile(input)),
  keepDraft: procedure.input(draftInput).mutation(({ ctx, input }) => ctx.files.keepDraft(input)),
  dropDraft: procedure
    .input(sizedText(0, 64))
    .mutation(({ ctx, input }) => ctx.files.dropDraft(input)),
  drafts: procedure.query(({ ctx }) => ctx.files.drafts()),
  preferences: procedure.query(({ ctx }) => ctx.files.preferences()),
  keepPreferences: procedure
    .input(z.json())
    .mutation(({ ctx, input }) => ctx.files.keepPreferences(input)),
  keepPicture: procedure
    .input(uploadInput)
    .mutation(({ ctx, input }) => ctx.files.keepPicture(input)),
  picture: procedure.input(pictureInput).query(({ ctx, input }) => ctx.files.picture(input)),
  samples: procedure.query(({ ctx }) => ctx.files.samples()),
  folderConfig: procedure
    .input(configInput)
    .query(({ ctx, input }) => ctx.files.folderConfig(input)),
});

export const router = trpc.router({
  presets: procedure.query(({ ctx }) => ctx.host.presets()),
  preset: procedure.input(sizedText(0, 100)).query(({ ctx, input }) => ctx.host.preset(input)),
  check: procedure
    .input(z.object({ document: graphInput, baseFolder: z.string().optional() }))
    .query(({ ctx, input, signal }) => ctx.host.check(input, signal)),
  machine: procedure.query(({ ctx }) => ctx.host.machine()),
  startRun: procedure.input(runInput).mutation(({ ctx, input }) => ctx.host.startRun(input)),
  startExport: procedure
    .input(exportInput)
    .mutation(({ ctx, input }) => ctx.host.startExport(input)),
  runs: procedure.query(({ ctx }) => ctx.host.runs()),
  /**
   * Events after number `after`, each under its number as id. A client whose connection comes back sends the
   * last id that it saw along by itself, and is given what follows.
   */
  runEvents: procedure
    .input(
      z.object({
        runId: sizedText(0, 100),
        after: z.int(),
        lastEventId: z.string().regex(eventIdPattern).optional(),
      }),
    )
    .subscription(async function* ({ ctx, input, signal }) {
      const after = Math.max(input.after, Number(input.lastEventId ?? -1));
      for await (const numbered of ctx.host.runEvents(input.runId, after, signal))
        yield tracked(String(numbered.number), numbered);
    }),
  cancelRun: procedure
    .input(z.object({ runId: z.string(), hard: z.boolean() }))
    .mutation(({ ctx, input }) => ctx.host.cancelRun(input)),
  calibration: procedure.query(({ ctx }) => ctx.host.calibration()),
  startCalibration: procedure
    .input(calibrationInput)
    .mutation(({ ctx, input }) => ctx.host.startCalibration(input)),
  /** Each state says all, so a client whose connection comes back misses none that matters. */
  calibrationStates: procedure.subscription(({ ctx, signal }) =>
    ctx.host.calibrationStates(signal),
  ),
  cancelCalibration: procedure.mutation(({ ctx }) => ctx.host.cancelCalibration()),
  cacheStatus: procedure.query(({ ctx }) => ctx.host.cacheStatus()),
  clearCache: procedure.mutation(({ ctx }) => ctx.host.clearCache()),
  files,
});

export type Router = typeof router;

/** Calls the contract in the same process, with the same checks as over a connection. */
export const createCaller = trpc.createCallerFactory(router);

/** Checked, and passed on as it came: what a schema gives back has its keys in another order, and would be saved so. */
function asGiven<Value>(schema: z.ZodType<Value>, value: unknown): Value {
  schema.parse(value);
  return value as Value;
}

/** What a caller is told of an error that is not an outcome: never a stack. */
function refusalSentence(
  { code, message, cause }: Pick<TRPCError, 'code' | 'message' | 'cause'>,
  path: string,
): string {
  if (cause instanceof z.ZodError) {
    const [issue] = cause.issues;
    const place = issue?.path.map(String).join('.') ?? '';
    const where = place === '' ? 'the request' : `"${place}"`;
    return `"${path}" was refused: ${where} is invalid (${issue?.message ?? 'unknown'}).`;
  }
  if (code === 'NOT_FOUND') return `There is no procedure "${path}"; reload the page.`;
  if (code === 'PAYLOAD_TOO_LARGE')
    return `"${path}" was refused: it sends more than is read at once; choose a smaller file.`;
  if (cause instanceof SyntaxError)
    return `"${path}" was refused: what was sent is not JSON; reload the page and try again.`;
  if (code !== 'INTERNAL_SERVER_ERROR') {
    const reason = message.replace(/[.\s]+$/, '');
    return `"${path}" was refused: ${reason}; reload the page and try again.`;
  }
  return `Patchbay failed at "${path}" (${message}), which is a fault of Patchbay: try again, and report it if it stays.`;
}
