/** The graph that an operand names: a file, a preset, or standard input. */
import { readFile, stat } from 'node:fs/promises';
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
  if (operand === '-') return named(await readInput(), process.cwd());
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
    const { size } = await stat(path);
    return size > documentLimits.bytes
      ? tooLarge(path, formatBytes(size))
      : ok(await readFile(path, 'utf8'));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file and no such preset' : code;
    return fail(
      error('file-unreadable', `${path} cannot be read: ${reason}; see patchbay presets.`),
    );
  }
}

async function readInput(): Promise<Outcome<string>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin) {
    const bytes = Buffer.from(chunk as Uint8Array);
    size += bytes.length;
    if (size > documentLimits.bytes)
      return tooLarge('Standard input', `more than ${formatBytes(documentLimits.bytes)}`);
    chunks.push(bytes);
  }
  return ok(Buffer.concat(chunks).toString('utf8'));
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
