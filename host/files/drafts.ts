/** Work that is in no file yet, one file each, so that whatever happens to Patchbay it is there again. */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { draftSchema, type Draft } from '#engine/contract/file-service.ts';
import type { Outcome } from '#engine/contract/outcome.ts';
import { parseDocument } from '#engine/graph/read-document.ts';
import { catalogue } from '#nodes/index.ts';
import { writeKept } from './kept-json.ts';
import { readRegularFile } from '../system/regular-file.ts';
import { setAside } from './set-aside.ts';
import { Turns } from './turns.ts';

const extension = '.json';
const draftFacts = draftSchema.omit({ document: true });

export class Drafts {
  readonly #folder: string;
  /** Of two states of a draft, the one that was sent last stays. */
  readonly #turns = new Turns();

  constructor(folder: string) {
    this.#folder = join(folder, 'drafts');
  }

  keep(draft: Draft): Promise<Outcome<null>> {
    return this.#turns.take(() => writeKept(this.#pathOf(draft.id), draft));
  }

  async drop(id: string): Promise<void> {
    if (!draftSchema.shape.id.safeParse(id).success) return;
    await this.#turns.take(() => rm(this.#pathOf(id), { force: true }));
  }

  /** The last kept first. */
  list(): Promise<readonly Draft[]> {
    return this.#turns.take(async () => {
      const names = await readdir(this.#folder).catch(() => []);
      const found: { readonly draft: Draft; readonly keptAt: number }[] = [];
      for (const name of names.filter((each) => each.endsWith(extension))) {
        const path = join(this.#folder, name);
        const keptAt = (await stat(path).catch(() => null))?.mtimeMs ?? 0;
        const draft = await readDraft(path, name.slice(0, -extension.length));
        if (draft) found.push({ draft, keptAt });
      }
      return found.toSorted((a, b) => b.keptAt - a.keptAt).map(({ draft }) => draft);
    });
  }

  /** Resolves when nothing is being written. */
  rest(): Promise<void> {
    return this.#turns.rest();
  }

  #pathOf(id: string): string {
    return join(this.#folder, id + extension);
  }
}

/** Null where there is no draft to be had; a broken one is set aside. */
async function readDraft(path: string, id: string): Promise<Draft | null> {
  const bytes = await readRegularFile(path).catch(() => null);
  if (bytes === null) return null;
  const read = parseDraft(bytes.toString('utf8'), id);
  if (read === 'broken') await setAside(path);
  return typeof read === 'string' ? null : read;
}

function parseDraft(text: string, id: string): Draft | 'broken' | 'newer' {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'broken';
  }
  const facts = draftFacts.safeParse(value);
  if (!facts.success || facts.data.id !== id) return 'broken';
  const document = parseDocument(
    (value as Readonly<Record<string, unknown>>)['document'],
    catalogue,
  );
  if (document.ok) return { ...facts.data, document: document.value };
  // The version that wrote it will want it.
  return document.problems.some(({ code }) => code === 'document-newer') ? 'newer' : 'broken';
}
