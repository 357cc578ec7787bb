/** Node.js in the place of Electron: it forks the processes that are utility processes in the app. */
import { join } from 'node:path';
import { forkChild } from '#host/system/child-program.ts';
import type { Starters } from './app-server.ts';

/** `programs` is the folder of the scripts that the server may ask for. */
export function startersOf(
  server: () => string,
  {
    programs = '',
    env = {},
  }: { readonly programs?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Starters {
  return {
    startServer: () => forkChild(server(), [], { ...process.env, ...env }),
    startProgram: (program, args, environment) =>
      forkChild(join(programs, `${program}.js`), args, environment),
  };
}
