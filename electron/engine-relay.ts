/**
 * The server's engine processes as the window's process holds them: only that one may start utility processes, so
 * the server asks it to, and what server and engine say to each other passes through here.
 */
import type { ChildProgram } from '#host/system/child-program.ts';
import { parentGone } from '#host/system/parent-line.ts';
import type { FromServer, ToServer } from './server-message.ts';

/** What is started is decided here; the server says only with which arguments and in which environment. */
export type StartEngine = (args: readonly string[], environment: NodeJS.ProcessEnv) => ChildProgram;

export class EngineRelay {
  readonly #startEngine: StartEngine;
  readonly #tell: (message: ToServer) => void;
  readonly #engines = new Map<number, ChildProgram>();

  constructor(startEngine: StartEngine, tell: (message: ToServer) => void) {
    this.#startEngine = startEngine;
    this.#tell = tell;
  }

  hear(message: FromServer): void {
    if (message.type === 'start-engine')
      this.#start(message.engine, this.#startEngine(message.args, message.environment));
    if (message.type === 'tell-engine') this.#engines.get(message.engine)?.post(message.message);
    if (message.type === 'kill-engine') this.#engines.get(message.engine)?.kill();
  }

  /** The server is gone: its engines end, and take what they put down for a while with them. */
  close(): void {
    for (const child of this.#engines.values()) child.post(parentGone);
  }

  #start(engine: number, child: ChildProgram): void {
    this.#engines.set(engine, child);
    child.onStart((processId) => this.#tell({ type: 'engine-started', engine, processId }));
    child.onMessage((message) => this.#tell({ type: 'engine-said', engine, message }));
    child.onEnd((end) => {
      this.#engines.delete(engine);
      this.#tell({ type: 'engine-ended', engine, ...end });
    });
  }
}
