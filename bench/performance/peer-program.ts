/** A program that runs a peer: asked and answering in JSON, one object a line. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { packageRoot } from '#host/system/package-root.ts';
import { NotMeasured } from '../engine/run-graph.ts';

/** A peer, or the sentence that says why it cannot be had. */
export type Had<Peer> = { readonly peer: Peer } | { readonly reason: string };

type Answer = { readonly value: unknown } | { readonly failure: string };

export class PeerProgram {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #answers: AsyncIterator<string>;

  /** What it writes to its error stream is seen, as what npm and pip write is. */
  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.on('error', () => undefined);
    this.#child.stdin.on('error', () => undefined);
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** One request at a time. Throws `NotMeasured` with what the program says, or where it has ended. */
  async ask<Value>(request: Readonly<Record<string, unknown>>): Promise<Value> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    const line = await this.#answers.next();
    if (line.done === true) throw new NotMeasured('it ended before it answered');
    const answer = JSON.parse(line.value) as Answer;
    // Where this copy of Patchbay lies is nobody else's business.
    if ('failure' in answer) throw new NotMeasured(answer.failure.replaceAll(packageRoot, '.'));
    return answer.value as Value;
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.pid === undefined) return;
    const ended = once(this.#child, 'exit');
    this.#child.stdin.end();
    await ended;
  }
}
