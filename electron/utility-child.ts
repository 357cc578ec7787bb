/** The server's process as Electron starts it. */
import { utilityProcess } from 'electron';
import type { ServerChild } from './app-server.ts';

/** How much of its standard error is kept to say why it ended. */
const keptCharacters = 2000;

export function startUtilityChild(entry: string): ServerChild {
  const child = utilityProcess.fork(entry, [], {
    serviceName: 'Patchbay server',
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  let lastWords = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    lastWords = (lastWords + chunk.toString()).slice(-keptCharacters);
  });
  return {
    post: (message) => child.postMessage(message),
    onMessage: (listener) => void child.on('message', listener),
    onExit: (listener) => void child.once('exit', listener),
    lastWords: () => lastWords,
    kill: () => void child.kill(),
  };
}
