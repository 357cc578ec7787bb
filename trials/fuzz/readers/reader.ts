/** What the fuzzer knows of a reader of foreign bytes. */
import { mkdir, writeFile } from 'node:fs/promises';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Json } from '#engine/contract/document.ts';
import type { Outcome } from '#engine/contract/outcome.ts';

/** Something sound to begin with. */
export interface Sample {
  /** The name of the file that it stands in; may begin with a folder. */
  readonly file: string;
  readonly content:
    | { readonly kind: 'bytes'; readonly bytes: Buffer }
    /** `frame` puts what a format has around its JSON. */
    | { readonly kind: 'json'; readonly value: Json; readonly frame?: (text: Buffer) => Buffer };
  /** What lies in the same folder and stays as it is, by name. */
  readonly beside?: Readonly<Record<string, Buffer | string>>;
}

export interface Mutant {
  readonly bytes: Buffer;
  readonly file: string;
  /** The folder of its sample, where the files beside it are. */
  readonly folder: string;
}

export interface Reader {
  readonly name: string;
  /** Of what, for a person. */
  readonly about: string;
  readonly samples: () => Promise<readonly Sample[]>;
  /** Reads as Patchbay does, and throws where something does not hold that always has to. */
  readonly read: (mutant: Mutant) => Outcome<unknown> | Promise<Outcome<unknown>>;
}

export const bytesSample = (file: string, bytes: Buffer): Sample => ({
  file,
  content: { kind: 'bytes', bytes },
});

export const jsonSample = (
  file: string,
  value: Json,
  beside: Readonly<Record<string, Buffer | string>> = {},
): Sample => ({ file, content: { kind: 'json', value }, beside });

/** Puts a mutant where its file belongs, for those who read a folder. */
export function onDisk(
  read: (folder: string, path: string) => Outcome<unknown> | Promise<Outcome<unknown>>,
): Reader['read'] {
  return ({ bytes, file, folder }) => {
    const path = join(folder, file);
    // Whoever reads it may take it away, as the cache does with a broken entry.
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
    return read(folder, path);
  };
}

/** Makes the folder of a sample. */
export async function layOut({ file, beside = {} }: Sample, folder: string): Promise<void> {
  await mkdir(dirname(join(folder, file)), { recursive: true });
  for (const [name, content] of Object.entries(beside))
    await writeFile(join(folder, name), content);
}
