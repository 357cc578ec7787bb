/** The server's side of its engine processes: asks the window's process to start them, and speaks to them through it. */
import type { ChildEnd, ChildProgram, StartChild } from '#host/system/child-program.ts';
import type { FromServer, ToServer } from './server-message.ts';

type Ask = (message: FromServer) => void;

export class AskedEngines {
  readonly #ask: Ask;
  readonly #engines = new Map<number, AskedEngine>();
  #last = 0;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** Which program it is the window's process knows. */
  readonly start: StartChild = (_entry, args, environment) => {
    const engine = ++this.#last;
    const asked = new AskedEngine(engine, this.#ask);
    this.#engines.set(engine, asked);
    const set = Object.entries(environment).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as const],
    );
    this.#ask({
      type: 'start-engine',
      engine,
      args: [...args],
      environment: Object.fromEntries(set),
    });
    return asked;
  };

  hear(message: ToServer): void {
    if (!('engine' in message)) return;
    this.#engines.get(message.engine)?.hear(message);
    if (message.type === 'engine-ended') this.#engines.delete(message.engine);
  }
}

class AskedEngine implements ChildProgram {
  readonly #engine: number;
  readonly #ask: Ask;
  readonly #started: ((processId: number) => void)[] = [];
  readonly #heard: ((raw: unknown) => void)[] = [];
  readonly #ended: ((end: ChildEnd) => void)[] = [];
  processId: number | undefined;
  isReachable = true;

  constructor(engine: number, ask: Ask) {
    this.#engine = engine;
    this.#ask = ask;
  }

  post(message: object): void {
    this.#ask({ type: 'tell-engine', engine: this.#engine, message: { ...message } });
  }

  kill(): void {
    this.#ask({ type: 'kill-engine', engine: this.#engine });
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

  hear(message: Extract<ToServer, { readonly engine: number }>): void {
    if (message.type === 'engine-started') {
      this.processId = message.processId;
      for (const listener of this.#started) listener(message.processId);
    }
    if (message.type === 'engine-said')
      for (const listener of this.#heard) listener(message.message);
    if (message.type === 'engine-ended') {
      const { code, signal, lastWords } = message;
      this.isReachable = false;
      for (const listener of this.#ended) listener({ code, signal, lastWords });
    }
  }
}
