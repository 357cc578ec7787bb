/**
 * Which files and folders a graph may name: those that the user chose, in a dialog, by a drop or on the command
 * line, and all that lies in them. What else a graph names is not even looked for, since on Windows a look at
 * another computer tells it who the user is.
 */
import os from 'node:os';
import path, { dirname, join, parse, resolve, type PlatformPath } from 'node:path';
import { z } from 'zod';
import { error, type Problem } from '#engine/contract/problem.ts';
import { whileLocked } from '../system/file-lock.ts';
import { presetsFolder } from '../system/package-root.ts';
import { readKept, writeKept } from './kept-json.ts';
import { Turns } from './turns.ts';

/** The oldest choice is forgotten. */
const keptChoices = 500;

const choicesSchema = z.array(z.string());

export class ChosenPlaces {
  readonly #file: string;
  readonly #always: readonly string[];
  readonly #turns = new Turns();
  #chosen: readonly string[] = [];
  #forNow: readonly string[] = [];

  /** What is chosen is remembered in this folder of user data. */
  constructor(folder: string) {
    this.#file = join(folder, 'chosen-places.json');
    // What comes with Patchbay, and the pictures that a page handed over.
    this.#always = [presetsFolder, join(folder, 'pictures')];
  }

  /** From now on. A choice that cannot be kept counts until this process ends. */
  async choose(place: string): Promise<void> {
    if (await this.isChosen(place)) return;
    this.chooseForNow(place);
    const write = async (): Promise<void> => {
      const others = (await this.#read()).filter((other) => !isWithin(other, place));
      this.#chosen = [resolve(place), ...others].slice(0, keptChoices);
      await writeKept(this.#file, this.#chosen);
    };
    await this.#turns.take(() => whileLocked(`${this.#file}.lock`, write));
  }

  /** Until this process ends. */
  chooseForNow(place: string): void {
    this.#forNow = [...this.#forNow, resolve(place)];
  }

  async isChosen(place: string): Promise<boolean> {
    const isIn = (places: readonly string[]): boolean =>
      places.some((other) => isWithin(place, other));
    if (isIn(this.#always) || isIn(this.#forNow) || isIn(this.#chosen)) return true;
    // Another Patchbay may have been told meanwhile.
    this.#chosen = await this.#read();
    return isIn(this.#chosen);
  }

  /** Resolves when nothing is being written. */
  rest(): Promise<void> {
    return this.#turns.rest();
  }

  async #read(): Promise<readonly string[]> {
    const kept = await readKept(this.#file, (value) => choicesSchema.safeParse(value).data ?? null);
    return kept ?? [];
  }
}

/** A sentence's word for what is named. */
export type NamedKind = 'folder' | 'picture' | 'clip';

/** The problem of what a graph names and its user has not chosen. */
export function unchosen(
  what: NamedKind,
  place: string,
  where: Pick<Problem, 'node' | 'param'> = {},
): Problem {
  const named = `This graph names a ${what} that you have not chosen yet: ${place}`;
  const message = isOnNetwork(place)
    ? `${named}, on another computer, which would learn who you are; allow it only where you trust that computer, or choose another.`
    : `${named}; allow it to be read, or choose another.`;
  return error('place-unchosen', message, { ...where, unchosen: place });
}

/** Names such as \\server\share, and those of devices, mean something on Windows only. */
export function isOnNetwork(place: string, system: PlatformPath = path): boolean {
  return system === path.win32 && /^[\\/]{2}/.test(place);
}

/**
 * What is chosen with a graph: what lies beside it. At the top of a disk, or of all that is the user's, that would
 * be too much, so there it is the file alone.
 */
export function placeOfGraph(file: string, home = os.homedir()): string {
  const folder = dirname(resolve(file));
  return folder === parse(folder).root || folder === resolve(home) ? resolve(file) : folder;
}

/** Is it the place itself, or in it? No link is followed. */
export function isWithin(inner: string, place: string, system: PlatformPath = path): boolean {
  const [one, other] = [inner, place].map((each) => {
    const whole = system.resolve(each);
    return system === path.win32 ? whole.toLowerCase() : whole;
  }) as [string, string];
  const folder = other.endsWith(system.sep) ? other : other + system.sep;
  return one === other || one.startsWith(folder);
}
