/** Which graph files a start of the app names, and where they wait until the page can take them. */
import { resolve } from 'node:path';

/** The paths of graphs among the arguments of a start; relative ones are taken from its folder. */
export function graphPathsIn(argv: readonly string[], workingFolder: string): readonly string[] {
  return argv
    .slice(1)
    .filter((argument) => !argument.startsWith('-') && /\.json$/i.test(argument))
    .map((path) => resolve(workingFolder, path));
}

/** Holds files back until the page listens, and again while it loads anew. */
export class WaitingFiles {
  #waiting: string[] = [];
  #deliver: ((path: string) => void) | null = null;

  give(path: string): void {
    if (this.#deliver) this.#deliver(path);
    else this.#waiting.push(path);
  }

  listen(deliver: (path: string) => void): void {
    this.#deliver = deliver;
    for (const path of this.#waiting.splice(0)) deliver(path);
  }

  pause(): void {
    this.#deliver = null;
  }
}
