/** Graph files: opened as text, saved only over what the user has seen. */
import { stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, normalize } from 'node:path';
import { documentExtension, documentLimits } from '#engine/contract/document.ts';
import type { OpenedFile, SavedFile, SaveRequest } from '#engine/contract/file-service.ts';
import { formatBytes } from '#engine/contract/format.ts';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error, type Problem } from '#engine/contract/problem.ts';
import { readDocument, writeDocument } from '#engine/graph/read-document.ts';
import { catalogue } from '#nodes/index.ts';
import { digest } from '../system/digest.ts';
import { whileLocked } from '../system/file-lock.ts';
import { readRegularFile } from '../system/regular-file.ts';
import { writeWhole } from '../system/write-whole.ts';
import { placeOfGraph, type ChosenPlaces } from './chosen-places.ts';
import { readGraphFile } from './read-graph-file.ts';
import type { RecentFiles } from './recent-files.ts';
import { NamedTurns } from './turns.ts';

const elsewhere = 'choose a *.patchbay.json file';

export class GraphFiles {
  readonly #recent: RecentFiles;
  readonly #chosen: ChosenPlaces;
  readonly #locks: string;
  readonly #turns = new NamedTurns();

  /** Patchbays that have the folder of `locks` in common save one after the other. */
  constructor(recent: RecentFiles, chosen: ChosenPlaces, locks: string) {
    this.#recent = recent;
    this.#chosen = chosen;
    this.#locks = locks;
  }

  /** Graphs only: what is none is told of, and nothing of it is given away. */
  async open(given: string): Promise<Outcome<OpenedFile>> {
    const path = fullPath(given);
    if (!path.ok) return path;
    const content = await readGraphFile(path.value, {
      elsewhere,
      missing: `There is no file ${path.value} any more; ${elsewhere}.`,
      acceptsStreams: false,
    });
    if (!content.ok) return content;
    const text = utf8Text(content.value);
    if (text === null) {
      const message = `${path.value} is not text in UTF-8; ${elsewhere}, or save it in UTF-8 with the program that wrote it.`;
      return fail(error('file-unreadable', message));
    }
    const document = readDocument(text, catalogue);
    if (!document.ok) return fail(...document.problems.map(withoutText(path.value)));
    await this.#used(path.value, document.value.title);
    return ok({ ...placeOf(path.value), text, stamp: digest([content.value]) });
  }

  /** Fails with `file-changed`, `file-exists`, `file-too-large` or `file-unwritable`. */
  async save({
    path: given,
    document,
    stamp,
    overwrite,
  }: SaveRequest): Promise<Outcome<SavedFile>> {
    const path = fullPath(given);
    if (!path.ok) return path;
    const text = Buffer.from(writeDocument(document));
    if (text.length > documentLimits.bytes) {
      const [size, limit] = [text.length, documentLimits.bytes].map(formatBytes);
      const message = `The graph has ${size} as a file, more than the ${limit} that can be opened again; shorten its texts or split it.`;
      return fail(error('file-too-large', message));
    }
    const newStamp = digest([text]);
    const saved = await this.#alone(path.value, async () => {
      const named = await checkName(path.value);
      if (!named.ok) return named;
      const conflict = overwrite ? ok(null) : await checkStamp(path.value, stamp, newStamp);
      return conflict.ok ? writeWhole(path.value, text) : conflict;
    });
    if (!saved.ok) return saved;
    await this.#used(path.value, document.title);
    return ok({ ...placeOf(path.value), stamp: newStamp });
  }

  /** Resolves when nothing is being written. */
  rest(): Promise<void> {
    return this.#turns.rest();
  }

  /** Whoever opens or saves a graph has chosen what lies beside it. */
  async #used(path: string, title: string): Promise<void> {
    await this.#recent.add(path, titleOf(title, path));
    await this.#chosen.choose(placeOfGraph(path));
  }

  /** Nothing comes between looking at a file and writing it, as far as it is up to Patchbay. */
  #alone<Value>(path: string, work: () => Promise<Value>): Promise<Value> {
    const lock = join(this.#locks, `${digest([path])}.lock`);
    return this.#turns.take(path, () => whileLocked(lock, work));
  }
}

/** Whoever saves graphs writes nothing else: a file by another name is to be a graph already. */
async function checkName(path: string): Promise<Outcome<null>> {
  if (path.toLowerCase().endsWith(documentExtension)) return ok(null);
  const facts = await stat(path).catch(() => null);
  if (facts?.isFile() && facts.size <= documentLimits.bytes) {
    const content = await readRegularFile(path).catch(() => null);
    const text = content && utf8Text(content);
    if (text !== null && readDocument(text, catalogue).ok) return ok(null);
  }
  const message = `${path} is not the name of a graph; save it under a name that ends in ${documentExtension}.`;
  return fail(error('file-unwritable', message));
}

/** Under the file's name; where it is no JSON, without the piece of its text that the parser shows. */
function withoutText(path: string) {
  const name = basename(path);
  return (problem: Problem): Problem => {
    const { code, message } = problem;
    if (code !== 'json-broken') return { ...problem, message: `${name}: ${message}` };
    const place = /\(line \d+ column \d+\)/.exec(message)?.[0];
    const what = `The file is not valid JSON${place === undefined ? '' : ` ${place}`}`;
    return { ...problem, message: `${name}: ${what}; ${elsewhere}.` };
  };
}

/** Is the file as the user saw it last, or as it is about to be anyway? */
async function checkStamp(
  path: string,
  expected: string | null,
  next: string,
): Promise<Outcome<null>> {
  const facts = await stat(path).catch(() => null);
  // A file that is gone takes nothing with it when it is written anew; what is no file, writing will tell.
  if (!facts?.isFile()) return ok(null);
  const present = await stampOf(path, facts.size);
  if (present === expected || present === next) return ok(null);
  return expected === null
    ? fail(
        error(
          'file-exists',
          `There is a file ${path} already; choose another name, or replace the file.`,
        ),
      )
    : fail(
        error(
          'file-changed',
          `${path} was changed by another program or window since it was opened; open it again, save under another name, or replace it.`,
        ),
      );
}

/** No stamp at all for a file that cannot have been opened here: too large, or not to be read. */
async function stampOf(path: string, size: number): Promise<string> {
  const content =
    size > documentLimits.bytes ? null : await readRegularFile(path).catch(() => null);
  return content === null ? 'none' : digest([content]);
}

function placeOf(path: string): { readonly path: string; readonly folder: string } {
  return { path, folder: dirname(path) };
}

function titleOf(title: string, path: string): string {
  return title.trim() === '' ? basename(path).replace(documentExtension, '') : title;
}

/** The page has no folder of its own that a relative path could start from. */
function fullPath(path: string): Outcome<string> {
  if (isAbsolute(path) && !path.includes('\0')) return ok(normalize(path));
  const message = `"${path}" does not say which folder it is in; choose the folder, or write the whole path.`;
  return fail(error('file-unreadable', message));
}

function utf8Text(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
