/** The graphs that were opened or saved last. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { RecentFile } from '#engine/contract/file-service.ts';
import { whileLocked } from '../system/file-lock.ts';
import { readKept, writeKept } from './kept-json.ts';
import { Turns } from './turns.ts';

const keptFiles = 20;

const recentSchema = z.array(
  z.object({ path: z.string(), title: z.string(), usedAt: z.iso.datetime() }),
);

export class RecentFiles {
  readonly #path: string;
  readonly #turns = new Turns();

  constructor(folder: string) {
    this.#path = join(folder, 'recent-files.json');
  }

  /** The last used first; those that are not there at present, as on a drive that is not, are left out. */
  async list(): Promise<readonly RecentFile[]> {
    const files = await this.#read();
    const found = await Promise.all(files.map(({ path }) => stat(path).catch(() => null)));
    return files.filter((_, index) => found[index]?.isFile() === true);
  }

  /** A list that cannot be written is no reason to fail what was done with the file. */
  async add(path: string, title: string): Promise<void> {
    const entry = { path, title, usedAt: new Date().toISOString() };
    await this.#change((files) => [entry, ...files.filter((file) => file.path !== path)]);
  }

  async forget(path: string): Promise<void> {
    await this.#change((files) => files.filter((file) => file.path !== path));
  }

  /** Resolves when nothing is being written. */
  rest(): Promise<void> {
    return this.#turns.rest();
  }

  async #change(change: (files: readonly RecentFile[]) => readonly RecentFile[]): Promise<void> {
    const write = async () => writeKept(this.#path, change(await this.#read()).slice(0, keptFiles));
    await this.#turns.take(() => whileLocked(`${this.#path}.lock`, write));
  }

  async #read(): Promise<readonly RecentFile[]> {
    const files = await readKept(this.#path, (value) => recentSchema.safeParse(value).data ?? null);
    return files ?? [];
  }
}
