/** The graph that an operand names: a file, a preset, or standard input. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { documentLimits, type GraphDocument } from '#engine/contract/document.ts';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { readDocument } from '#engine/graph/read-document.ts';
import { formatBytes } from '#engine/contract/format.ts';
import { catalogue } from '#nodes/index.ts';
import { presetIds, readPreset } from '../presets.ts';
import { presetsFolder } from '../package-root.ts';

export interface NamedGraph {
  readonly document: GraphDocument;
  /** Relative paths in the graph are taken from here. */
  readonly baseFolder: string;
}

export async function readGraph(operand: string): Promise<Outcome<NamedGraph>> {
  if (operand === '-') {
    const text = await readLimited('Standard input', process.stdin);
    return named(text, process.cwd());
  }
  if ((await presetIds()).includes(operand))
    return withBase(await readPreset(operand), presetsFolder);
  return named(await readText(operand), dirname(resolve(operand)));
}

function named(text: Outcome<string>, baseFolder: string): Outcome<NamedGraph> {
  return text.ok ? withBase(readDocument(text.value, catalogue), baseFolder) : text;
}

function withBase(document: Outcome<GraphDocument>, baseFolder: string): Outcome<NamedGraph> {
  return document.ok ? ok({ document: document.value, baseFolder }) : document;
}

async function readText(path: string): Promise<Outcome<string>> {
  try {
    const facts = await stat(path);
    if (facts.isDirectory())
      return unreadable(`${path} is a folder; name a graph file, or one of patchbay presets.`);
    if (facts.size > documentLimits.bytes) return tooLarge(path, formatBytes(facts.size));
    // A pipe or a device does not tell its size.
    return await readLimited(path, createReadStream(path));
  } catch (cause) {
    return unreadable(openingProblem(path, (cause as NodeJS.ErrnoException).code ?? String(cause)));
  }
}

function openingProblem(path: string, code: string): string {
  const elsewhere = 'name a graph file, or one of patchbay presets';
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return `There is no file and no preset "${path}"; ${elsewhere}.`;
    case 'EACCES':
    case 'EPERM':
      return `${path} may not be read by this user; allow it, or ${elsewhere}.`;
    default:
      return `${path} cannot be read (${code}); ${elsewhere}.`;
  }
}

/** Reads to the end, or until there is more than any graph has. */
async function readLimited(
  what: string,
  stream: AsyncIterable<Buffer | string>,
): Promise<Outcome<string>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > documentLimits.bytes)
      return tooLarge(what, `more than ${formatBytes(documentLimits.bytes)}`);
    chunks.push(bytes);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  return text.trim() === ''
    ? unreadable(`${what} is empty; name a graph file, or one of patchbay presets.`)
    : ok(text);
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
