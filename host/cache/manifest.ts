/** What an entry of the cache holds, and how to tell whether it still does. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { BlockHashing, type FileToHash } from '../system/block-hashes.ts';
import { digest } from '../system/digest.ts';
import { threadCount } from '../system/machine.ts';

/** Present in an entry only once it is complete. */
export const manifestName = 'stage.json';

const manifestSchema = z.object({
  title: z.string(),
  /** By name: a file's size, and the GMAC of every block of it. */
  files: z.record(z.string(), z.object({ sizeBytes: z.number(), blocks: z.array(z.string()) })),
});
export type Manifest = Readonly<z.infer<typeof manifestSchema>>;

/** Of the files that lie in a folder now. */
export async function describeFolder(folder: string, title: string): Promise<Manifest> {
  const names = await readdir(folder);
  const files = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      return { path, sizeBytes: (await stat(path)).size };
    }),
  );
  const blocks = await new BlockHashing(files, 'gmac').join();
  const sums = files.map(({ sizeBytes }, file) => ({ sizeBytes, blocks: blocks[file] ?? [] }));
  return {
    title,
    files: Object.fromEntries(names.map((name, file) => [name, sums[file]])) as Manifest['files'],
  };
}

/** The text says itself whether it is what was written. */
export function manifestText(manifest: Manifest): string {
  return JSON.stringify({ digest: digest([JSON.stringify(manifest)]), manifest });
}

/** Null where there is none, or where it is damaged. */
export async function readManifest(folder: string): Promise<Manifest | null> {
  try {
    const text = await readFile(join(folder, manifestName), 'utf8');
    const { manifest } = JSON.parse(text) as { readonly manifest: unknown };
    const parsed = manifestSchema.parse(manifest);
    return text === manifestText(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

/** What is wrong with a stored entry; 'gone' where someone else has removed it meanwhile. */
export type Flaw = { readonly what: string } | 'gone';

/** Compares names and sizes only. */
export async function findMisshapen(folder: string, { files }: Manifest): Promise<Flaw | null> {
  for (const [name, { sizeBytes }] of Object.entries(files)) {
    try {
      const file = await stat(join(folder, name));
      if (file.size !== sizeBytes) return { what: `${name} has another size than was written` };
    } catch {
      // Who removes an entry takes it away as a whole.
      return (await readManifest(folder)) ? { what: `${name} is missing` } : 'gone';
    }
  }
  return null;
}

/** Reads files of an entry in threads of its own while the caller goes on; `finish` says how they are. */
export class FileCheck {
  readonly #files: readonly (FileToHash & {
    readonly name: string;
    readonly blocks: readonly string[];
  })[];
  readonly #hashing: BlockHashing;

  constructor(folder: string, { files }: Manifest, isMeant: (name: string) => boolean) {
    this.#files = Object.entries(files)
      .filter(([name]) => isMeant(name))
      .map(([name, sums]) => ({ name, path: join(folder, name), ...sums }));
    // The caller's own thread joins them as soon as it has nothing else to do.
    this.#hashing = new BlockHashing(this.#files, 'gmac', Math.max(1, threadCount - 1));
  }

  async finish(): Promise<Flaw | null> {
    try {
      const found = await this.#hashing.join();
      const wrong = this.#files.find(({ blocks }, file) => blocks.join() !== found[file]?.join());
      return wrong ? { what: `${wrong.name} is not what was written` } : null;
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      return code === 'ENOENT' ? 'gone' : { what: `a file cannot be read, ${code}` };
    }
  }
}
