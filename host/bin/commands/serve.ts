import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { error } from '#engine/contract/problem.ts';
import { packageRoot } from '../../system/package-root.ts';
import { startServer } from '../../server/start-server.ts';
import { hearEnter } from '../terminal/enter-key.ts';
import { exitStatus } from './exit-status.ts';
import { printProblems } from '../terminal/problems.ts';
import { parseOptions, wholeNumber, type Command } from './command.ts';

export const serveCommand: Command = {
  name: 'serve',
  synopsis: 'serve [--port N]',
  about: 'Serves the app to browsers on this machine, until it is interrupted.',
  async run(args, _caller, { host, files }) {
    const { values } = parseOptions(
      this,
      args,
      { port: { type: 'string' } },
      { least: 0, most: 0 },
    );
    const port = wholeNumber('port', values.port, 0, 65_535);
    const unbuilt = await buildPage();
    if (unbuilt !== null) {
      const message = `The page cannot be built: ${unbuilt}; mend that, or install Patchbay again.`;
      printProblems([error('page-missing', message)]);
      return exitStatus.problems;
    }
    const page = join(packageRoot, 'dist', 'renderer');
    const server = await startServer({ host, files, port, page });
    if (!server.ok) {
      printProblems(server.problems);
      return exitStatus.problems;
    }
    const { invite } = server.value;
    console.log(`Patchbay serves at ${invite()}`);
    const hears = hearEnter(() => console.log(`Another window opens at ${invite()}`));
    console.log(
      `The address opens one window, within a minute; ${hears ? 'press Enter for another' : 'others open from its File menu'}.`,
    );
    return new Promise(() => undefined);
  },
};

interface Builder {
  /** Builds the page where Patchbay runs from its sources and they have changed. */
  readonly buildPageIfStale: () => Promise<void>;
}

/** Why the page cannot be built, on one line; null where all is well. The builder is no part of the bundle. */
async function buildPage(): Promise<string | null> {
  const path = join(packageRoot, 'host', 'bin', 'build.mjs');
  // An installed package has its page.
  if (!existsSync(path)) return null;
  const { buildPageIfStale } = (await import(pathToFileURL(path).href)) as Builder;
  try {
    await buildPageIfStale();
    return null;
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  }
}
