/** A server process as Node.js forks it, in the shape that Electron's utility process has in the app. */
import { fork } from 'node:child_process';
import type { ServerChild } from './app-server.ts';

export function startNodeChild(entry: string, env: NodeJS.ProcessEnv = {}): ServerChild {
  const child = fork(entry, [], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, ...env },
  });
  let lastWords = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    lastWords += chunk.toString();
  });
  return {
    post: (message) => void child.send(message, () => undefined),
    onMessage: (listener) => void child.on('message', listener),
    // After all that it wrote has been read.
    onExit: (listener) => void child.once('close', listener),
    lastWords: () => lastWords,
    // As a crash would end it.
    kill: () => void child.kill('SIGKILL'),
  };
}
