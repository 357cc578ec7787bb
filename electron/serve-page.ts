/** Host, files and server as one thing that starts and ends, for the app's window and for a browser alike. */
import { fileURLToPath } from 'node:url';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import { ChosenPlaces } from '#host/files/chosen-places.ts';
import { dataFolder } from '#host/files/data-folder.ts';
import { LocalFiles } from '#host/files/local-files.ts';
import { LocalHost } from '#host/local-host.ts';
import { forkChild, type StartChild } from '#host/system/child-program.ts';
import { startServer, type RunningServer } from '#host/server/start-server.ts';

// Both lie beside this bundle.
const engineEntry = fileURLToPath(new URL('../host/engine-process.js', import.meta.url));
const page = fileURLToPath(new URL('../renderer', import.meta.url));

/**
 * Takes the port where it is free, else any; 0 for any. `startChild` starts the engine and what checks graphs. `close`
 * ends runs and connections, and waits for what is being written.
 */
export async function servePage(
  port: number,
  startChild: StartChild = forkChild,
): Promise<Outcome<RunningServer>> {
  const chosen = new ChosenPlaces(dataFolder());
  const host = new LocalHost(engineEntry, { chosen, startChild });
  const files = new LocalFiles(dataFolder(), chosen);
  const wished = await startServer({ port, host, files, page });
  // A port that was free when the page was opened may have been taken by another program meanwhile.
  const started =
    wished.ok || port === 0 ? wished : await startServer({ port: 0, host, files, page });
  if (!started.ok) return started;
  const server = started.value;
  return ok({
    ...server,
    close: async () => {
      await Promise.all([server.close(), host.close()]);
      await files.close();
    },
  });
}
