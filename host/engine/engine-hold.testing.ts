/** Holds an engine process still in the middle of a run for as long as a test needs, however fast the machine is. */
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { RunEvent, StagePhase } from '#engine/contract/run-event.ts';
import { packageRoot } from '../system/package-root.ts';

/** An event with these fields, whatever its others are. */
export type EventLike = LikeEach<RunEvent>;
type LikeEach<Event> = Event extends RunEvent ? Pick<Event, 'type'> & Partial<Event> : never;

export function isLike(event: RunEvent, like: EventLike): boolean {
  const fields: Readonly<Record<string, unknown>> = { ...event };
  return Object.entries(like).every(([name, value]) => fields[name] === value);
}

/** A row's coming to a phase. */
export function entered(stage: string, phase: StagePhase): EventLike {
  return { type: 'stage-progress', stage, phase };
}

export class EngineHold {
  readonly #awaitedFile: string;
  readonly #heldFile: string;

  /** `folder` takes two small files. */
  constructor(folder: string) {
    this.#awaitedFile = join(folder, 'awaited-event.json');
    this.#heldFile = join(folder, 'held-event.json');
  }

  /** What engine processes that are to be held, or those that start them, have in their environment. */
  get environment(): { readonly NODE_OPTIONS: string } {
    const script = pathToFileURL(join(packageRoot, 'host', 'engine', 'stand-still.testing.mjs'));
    script.searchParams.set('awaited', this.#awaitedFile);
    script.searchParams.set('held', this.#heldFile);
    const { NODE_OPTIONS: options = '' } = process.env;
    return { NODE_OPTIONS: `${options} --import=${script.href}`.trim() };
  }

  /** The engine that tells the next such event does nothing more, not even hear, until it is let go. */
  at(event: EventLike | { readonly type: 'case-verified' | 'checking' }): void {
    // Whole or not at all, as it is read at any moment.
    writeFileSync(`${this.#awaitedFile}.new`, JSON.stringify(event));
    renameSync(`${this.#awaitedFile}.new`, this.#awaitedFile);
  }

  /** Resolves when an engine stands still. */
  async isHeld(): Promise<void> {
    while (!existsSync(this.#heldFile)) await sleep(5);
  }

  /** Lets go who is held, and holds nobody from now on. */
  release(): void {
    for (const file of [this.#awaitedFile, this.#heldFile]) rmSync(file, { force: true });
  }
}
