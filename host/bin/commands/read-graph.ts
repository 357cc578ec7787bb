/** The graph that an operand names: a file, a preset, or standard input. */
import { dirname, resolve } from 'node:path';
import type { GraphDocument } from '#engine/contract/document.ts';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import { readDocument } from '#engine/graph/read-document.ts';
import { catalogue } from '#nodes/index.ts';
import { readGraphFile, readLimited } from '../../files/read-graph-file.ts';
import { orNearest } from '../../nearest-names.ts';
import { presetIds, readPreset } from '../../presets.ts';
import { presetsFolder } from '../../system/package-root.ts';

export interface NamedGraph {
  readonly document: GraphDocument;
  /** Relative paths in the graph are taken from here. */
  readonly baseFolder: string;
}

const elsewhere = 'name a graph file, or one of patchbay presets';

export async function readGraph(operand: string): Promise<Outcome<NamedGraph>> {
  if (operand === '-') {
    const content = await readLimited('Standard input', process.stdin, elsewhere);
    return named(content, process.cwd());
  }
  const presets = await presetIds();
  if (presets.includes(operand)) return withBase(await readPreset(operand), presetsFolder);
  const content = await readGraphFile(operand, {
    elsewhere,
    missing: `There is no file and no preset "${operand}"${orNearest(operand, presets)}; ${elsewhere}.`,
    acceptsStreams: true,
  });
  return named(content, dirname(resolve(operand)));
}

function named(content: Outcome<Buffer>, baseFolder: string): Outcome<NamedGraph> {
  if (!content.ok) return content;
  return withBase(readDocument(content.value.toString('utf8'), catalogue), baseFolder);
}

function withBase(document: Outcome<GraphDocument>, baseFolder: string): Outcome<NamedGraph> {
  return document.ok ? ok({ document: document.value, baseFolder }) : document;
}
