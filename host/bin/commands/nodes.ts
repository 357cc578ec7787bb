import type { AnyNodeDefinition } from '#engine/node/any-node-definition.ts';
import { families } from '#engine/node/node-definition.ts';
import { byFamily } from '#engine/node/by-family.ts';
import { publishedModels } from '#engine/node/published-models.ts';
import { catalogue } from '#nodes/index.ts';
import { exitStatus } from './exit-status.ts';
import { parseOptions, type Command } from './command.ts';

export const nodesCommand: Command = {
  name: 'nodes',
  synopsis: 'nodes [--json]',
  about: 'Lists the node types by family, with their ports and published sizes.',
  run(args) {
    const { values } = parseOptions(
      this,
      args,
      { json: { type: 'boolean' } },
      { least: 0, most: 0 },
    );
    const nodes: readonly AnyNodeDefinition[] = Object.values(catalogue);
    console.log(
      values.json === true ? JSON.stringify({ nodes: nodes.map(describe) }) : listing(nodes),
    );
    return Promise.resolve(exitStatus.done);
  },
};

function describe({
  type,
  version,
  family,
  title,
  about,
  references,
  params,
  inputs,
  outputs,
}: AnyNodeDefinition) {
  return { type, version, family, title, about, references, params, inputs, outputs };
}

/** One block for each family; under a node its published models. */
function listing(nodes: readonly AnyNodeDefinition[]): string {
  const width = Math.max(...nodes.map(({ type }) => type.length)) + 2;
  const indent = ' '.repeat(width + 2);
  return byFamily(nodes)
    .map(({ family, definitions }) => {
      const blocks = definitions.map((node) => {
        const ports = [names(node.inputs), '→', names(node.outputs)].filter(Boolean).join(' ');
        const head = `  ${node.type.padEnd(width)}${node.title}: ${ports}`;
        return [head, ...wrapped(publishedModels(node), 100 - width).map((line) => indent + line)];
      });
      return [families[family].title, ...blocks.flat()].join('\n');
    })
    .join('\n\n');
}

const names = (ports: object): string => Object.keys(ports).join(', ');

/** Joined by dots, in lines of at most so many characters where a name is no longer by itself. */
function wrapped(texts: readonly string[], width: number): readonly string[] {
  const lines: string[] = [];
  for (const text of texts) {
    const joined = lines.length > 0 ? `${lines.at(-1)} · ${text}` : text;
    if (lines.length > 0 && joined.length <= width) lines[lines.length - 1] = joined;
    else lines.push(text);
  }
  return lines;
}
