/** The process that serves the page of the app window, away from the window's own process. */
import { closeWithin, exitSoon } from '#host/system/ending.ts';
import type { RunningServer } from '#host/server/start-server.ts';
import { openParentLine } from '#host/system/parent-line.ts';
import { AskedPrograms } from './asked-programs.ts';
import { servePage } from './serve-page.ts';
import { toServerSchema, type FromServer } from './server-message.ts';

let server: RunningServer | null = null;

const parent = openParentLine(hear, () => void stop());
const tell = (message: FromServer): void => parent.post(message);
const programs = new AskedPrograms(tell);

function hear(raw: unknown): void {
  const message = toServerSchema.parse(raw);
  if (message.type === 'start') void start(message.port);
  else if (message.type === 'stop') void stop();
  else programs.hear(message);
}

async function start(port: number): Promise<void> {
  const started = await servePage(port, programs.start);
  if (started.ok) {
    server = started.value;
    tell({ type: 'listening', url: server.invite(), port: server.port });
  } else {
    // The window's dialog shows sentences, it mends nothing.
    tell({ type: 'failed', sentences: started.problems.map(({ message }) => message) });
    process.exitCode = 1;
    await stop();
  }
}

async function stop(): Promise<void> {
  // Whoever asked kills what has not ended after its own limit.
  if (server) await closeWithin([server]);
  await exitSoon(Number(process.exitCode ?? 0));
}
