/** The process that serves the page of the app window, away from the window's own process. */
import { closeWithin, exitSoon } from '#host/system/ending.ts';
import type { RunningServer } from '#host/server/start-server.ts';
import { openParentLine } from './parent-line.ts';
import { servePage } from './serve-page.ts';

let server: RunningServer | null = null;

const parent = openParentLine((message) => {
  void (message.type === 'start' ? start(message.port) : stop());
});

async function start(port: number): Promise<void> {
  const started = await servePage(port);
  if (started.ok) {
    server = started.value;
    parent.post({ type: 'listening', url: server.invite(), port: server.port });
  } else {
    // The window's dialog shows sentences, it mends nothing.
    parent.post({ type: 'failed', sentences: started.problems.map(({ message }) => message) });
    process.exitCode = 1;
    await stop();
  }
}

async function stop(): Promise<void> {
  // Whoever asked kills what has not ended after its own limit.
  if (server) await closeWithin([server]);
  await exitSoon(Number(process.exitCode ?? 0));
}
