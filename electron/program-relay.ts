/**
 * The server's processes as the window's process holds them: only that one may start utility processes, so the server
 * asks it to, and what they say to each other passes through here.
 */
import type { ChildProgram } from '#host/system/child-program.ts';
import { parentGone } from '#host/system/parent-line.ts';
import type { FromServer, Program, ToServer } from './server-message.ts';

/** What is started is decided here; the server says only which of its programs, and how. */
export type StartProgram = (
  program: Program,
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
) => ChildProgram;

export class ProgramRelay {
  readonly #startProgram: StartProgram;
  readonly #tell: (message: ToServer) => void;
  readonly #programs = new Map<number, ChildProgram>();

  constructor(startProgram: StartProgram, tell: (message: ToServer) => void) {
    this.#startProgram = startProgram;
    this.#tell = tell;
  }

  hear(message: FromServer): void {
    if (message.type === 'start-program') {
      const { child, program, args, environment } = message;
      this.#start(child, this.#startProgram(program, args, environment));
    }
    if (message.type === 'tell-program') this.#programs.get(message.child)?.post(message.message);
    if (message.type === 'kill-program') this.#programs.get(message.child)?.kill();
  }

  /** The server is gone: they end, and take what they put down for a while with them. */
  close(): void {
    for (const program of this.#programs.values()) program.post(parentGone);
  }

  #start(child: number, program: ChildProgram): void {
    this.#programs.set(child, program);
    program.onStart((processId) => this.#tell({ type: 'program-started', child, processId }));
    program.onMessage((message) => this.#tell({ type: 'program-said', child, message }));
    program.onEnd((end) => {
      this.#programs.delete(child);
      this.#tell({ type: 'program-ended', child, ...end });
    });
  }
}
