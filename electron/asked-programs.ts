/** The server's side of its processes: asks the window's process to start them, and speaks to them through it. */
import { basename } from 'node:path';
import type { ChildEnd, ChildProgram, StartChild } from '#host/system/child-program.ts';
import { programSchema, type FromServer, type ToServer } from './server-message.ts';

type Ask = (message: FromServer) => void;

export class AskedPrograms {
  readonly #ask: Ask;
  readonly #programs = new Map<number, AskedProgram>();
  #last = 0;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** By name, as where the program lies is for the window's process to know. */
  readonly start: StartChild = (entry, args, environment) => {
    const child = ++this.#last;
    const asked = new AskedProgram(child, this.#ask);
    this.#programs.set(child, asked);
    const set = Object.entries(environment).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as const],
    );
    this.#ask({
      type: 'start-program',
      child,
      program: programSchema.parse(basename(entry, '.js')),
      args: [...args],
      environment: Object.fromEntries(set),
    });
    return asked;
  };

  hear(message: ToServer): void {
    if (!('child' in message)) return;
    this.#programs.get(message.child)?.hear(message);
    if (message.type === 'program-ended') this.#programs.delete(message.child);
  }
}

class AskedProgram implements ChildProgram {
  readonly #child: number;
  readonly #ask: Ask;
  readonly #started: ((processId: number) => void)[] = [];
  readonly #heard: ((raw: unknown) => void)[] = [];
  readonly #ended: ((end: ChildEnd) => void)[] = [];
  processId: number | undefined;
  isReachable = true;

  constructor(child: number, ask: Ask) {
    this.#child = child;
    this.#ask = ask;
  }

  post(message: object): void {
    this.#ask({ type: 'tell-program', child: this.#child, message: { ...message } });
  }

  kill(): void {
    this.#ask({ type: 'kill-program', child: this.#child });
  }

  onStart(listener: (processId: number) => void): void {
    this.#started.push(listener);
  }

  onMessage(listener: (raw: unknown) => void): void {
    this.#heard.push(listener);
  }

  onEnd(listener: (end: ChildEnd) => void): void {
    this.#ended.push(listener);
  }

  hear(message: Extract<ToServer, { readonly child: number }>): void {
    if (message.type === 'program-started') {
      this.processId = message.processId;
      for (const listener of this.#started) listener(message.processId);
    }
    if (message.type === 'program-said')
      for (const listener of this.#heard) listener(message.message);
    if (message.type === 'program-ended') {
      const { code, signal, lastWords } = message;
      this.isReachable = false;
      for (const listener of this.#ended) listener({ code, signal, lastWords });
    }
  }
}
