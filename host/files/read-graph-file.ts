/** Reads a graph file, of which it is not known yet whether it is one, no further than any graph goes. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { documentLimits } from '#engine/contract/document.ts';
import { formatBytes } from '#engine/contract/format.ts';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { openRegularFile } from '../system/regular-file.ts';

/** How a caller speaks of what it reads. */
export interface Wording {
  /** What to do instead, as the end of a sentence. */
  readonly elsewhere: string;
  /** The sentence for a path where nothing is. */
  readonly missing: string;
  /** May it be a pipe or a device? One that is never closed would be read for ever. */
  readonly acceptsStreams: boolean;
}

/** Fails with `file-unreadable` or `file-too-large`. */
export async function readGraphFile(path: string, wording: Wording): Promise<Outcome<Buffer>> {
  const { elsewhere } = wording;
  try {
    const facts = await stat(path);
    if (facts.isDirectory()) return unreadable(`${path} is a folder; ${elsewhere}.`);
    if (!facts.isFile() && !wording.acceptsStreams)
      return unreadable(`${path} is a device or a pipe and no file; ${elsewhere}.`);
    if (facts.size > documentLimits.bytes) return tooLarge(path, formatBytes(facts.size));
    const file = facts.isFile() ? await openRegularFile(path) : null;
    // A pipe or a device does not tell its size.
    const stream = file?.createReadStream() ?? createReadStream(path);
    return await readLimited(path, stream, elsewhere);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    return unreadable(openingProblem(path, code, wording));
  }
}

function openingProblem(path: string, code: string, { elsewhere, missing }: Wording): string {
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return missing;
    case 'EACCES':
    case 'EPERM':
      return `${path} may not be read by this user; allow it, or ${elsewhere}.`;
    default:
      return `${path} cannot be read (${code}); ${elsewhere}.`;
  }
}

/** Reads to the end, or until there is more than any graph has. */
export async function readLimited(
  what: string,
  stream: AsyncIterable<Buffer | string>,
  elsewhere: string,
): Promise<Outcome<Buffer>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > documentLimits.bytes)
      return tooLarge(what, `more than ${formatBytes(documentLimits.bytes)}`);
    chunks.push(bytes);
  }
  const content = Buffer.concat(chunks);
  return content.toString('utf8').trim() === ''
    ? unreadable(`${what} is empty; ${elsewhere}.`)
    : ok(content);
}

function unreadable(message: string): Outcome<never> {
  return fail(error('file-unreadable', message));
}

function tooLarge(what: string, size: string): Outcome<never> {
  const limit = formatBytes(documentLimits.bytes);
  return fail(
    error(
      'file-too-large',
      `${what} has ${size}, a graph may have ${limit}; this is no Patchbay graph.`,
    ),
  );
}
