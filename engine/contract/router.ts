/** The one contract between page, window, command line and engine: schemas, types, client and server in one place. */
import { initTRPC } from '@trpc/server';
import { z } from 'zod';
import { documentSchema, type GraphDocument } from './document.ts';
import type { HostService } from './host-service.ts';
import { runRequestSchema, type RunRequest } from './run-request.ts';

const trpc = initTRPC.context<{ readonly host: HostService }>().create();
const { procedure } = trpc;

/** Inputs as callers hold them: read-only. */
const graphInput: z.ZodType<GraphDocument, GraphDocument> = documentSchema;
const runInput: z.ZodType<RunRequest, RunRequest> = runRequestSchema;

export const router = trpc.router({
  presets: procedure.query(({ ctx }) => ctx.host.presets()),
  preset: procedure.input(z.string().max(100)).query(({ ctx, input }) => ctx.host.preset(input)),
  check: procedure
    .input(z.object({ document: graphInput, baseFolder: z.string().optional() }))
    .query(({ ctx, input }) => ctx.host.check(input)),
  machine: procedure.query(({ ctx }) => ctx.host.machine()),
  startRun: procedure.input(runInput).mutation(({ ctx, input }) => ctx.host.startRun(input)),
  startVerification: procedure
    .input(z.array(z.string()).min(1).max(1000))
    .mutation(({ ctx, input }) => ctx.host.startVerification(input)),
  /** Events after number `after`; a caller whose connection comes back asks from the last it saw. */
  runEvents: procedure
    .input(z.object({ runId: z.string(), after: z.int() }))
    .subscription(({ ctx, input, signal }) => ctx.host.runEvents(input.runId, input.after, signal)),
  cancelRun: procedure
    .input(z.object({ runId: z.string(), hard: z.boolean() }))
    .mutation(({ ctx, input }) => ctx.host.cancelRun(input)),
  cacheStatus: procedure.query(({ ctx }) => ctx.host.cacheStatus()),
  clearCache: procedure.mutation(({ ctx }) => ctx.host.clearCache()),
});

export type Router = typeof router;

/** Calls the contract in the same process, with the same checks as over a connection. */
export const createCaller = trpc.createCallerFactory(router);
