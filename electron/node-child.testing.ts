/** Node.js in the place of Electron: it forks the processes that are utility processes in the app. */
import { forkChild } from '#host/system/child-program.ts';
import type { Starters } from './app-server.ts';

/** `engine` is the script of the engine process, where the server starts one. */
export function startersOf(
  server: () => string,
  { engine = '', env = {} }: { readonly engine?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Starters {
  return {
    startServer: () => forkChild(server(), [], { ...process.env, ...env }),
    startEngine: (args, environment) => forkChild(engine, args, environment),
  };
}
