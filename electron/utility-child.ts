/** A process of the app as Electron starts it: from the archive, without the app's binary acting as Node.js. */
import { utilityProcess } from 'electron';
import { LastWords, type ChildProgram, type StartChild } from '#host/system/child-program.ts';
import { endOfUtility } from './utility-end.ts';

/** `name` is what the system's list of processes shows. */
export function utilityStarter(name: string): StartChild {
  return (entry, args, environment) => startUtilityChild(name, entry, args, environment);
}

function startUtilityChild(
  name: string,
  entry: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): ChildProgram {
  const child = utilityProcess.fork(entry, [...args], {
    serviceName: name,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: environment,
  });
  const words = new LastWords();
  child.stderr?.on('data', (chunk: Buffer) => words.hear(chunk));
  child.on('error', (type, location) => words.hear(`\n${type} in ${location}\n`));
  let processId: number | undefined;
  let isWanted = true;
  let isRunning = true;
  // Electron's own kill asks, which an engine in the middle of a large matrix does not hear.
  const end = (): void => {
    if (processId !== undefined && isRunning) process.kill(processId, 'SIGKILL');
  };
  child.once('spawn', () => {
    processId = child.pid;
    if (!isWanted) end();
  });
  child.once('exit', () => {
    isRunning = false;
  });
  return {
    get processId() {
      return processId;
    },
    get isReachable() {
      return isRunning;
    },
    post: (message) => child.postMessage(message),
    onStart: (listener) =>
      void child.once('spawn', () => {
        if (child.pid !== undefined) listener(child.pid);
      }),
    onMessage: (listener) => void child.on('message', listener),
    onEnd: (listener) =>
      void child.once('exit', (code) =>
        listener({ ...endOfUtility(code, process.platform), lastWords: words.text }),
      ),
    kill: () => {
      isWanted = false;
      end();
    },
  };
}
