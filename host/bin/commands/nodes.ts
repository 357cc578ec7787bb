import type { AnyNodeDefinition } from '#engine/node/any-node-definition.ts';
import { families } from '#engine/node/node-definition.ts';
import { catalogue } from '#nodes/index.ts';
import { exitStatus } from './exit-status.ts';
import { formatTable } from '../terminal/table.ts';
import { parseOptions, type Command } from './command.ts';

export const nodesCommand: Command = {
  name: 'nodes',
  synopsis: 'nodes [--json]',
  about: 'Lists the node types with their ports.',
  run(args) {
    const { values } = parseOptions(
      this,
      args,
      { json: { type: 'boolean' } },
      { least: 0, most: 0 },
    );
    const nodes: readonly AnyNodeDefinition[] = Object.values(catalogue);
    console.log(
      values.json === true ? JSON.stringify({ nodes: nodes.map(describe) }) : table(nodes),
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

function table(nodes: readonly AnyNodeDefinition[]): string {
  return formatTable(
    [
      { title: 'node', align: 'left', text: ({ type }) => type },
      { title: 'family', align: 'left', text: ({ family }) => families[family].title },
      { title: 'in', align: 'left', text: ({ inputs }) => Object.keys(inputs).join(', ') },
      { title: 'out', align: 'left', text: ({ outputs }) => Object.keys(outputs).join(', ') },
      { title: 'title', align: 'left', text: ({ title }) => title },
    ],
    nodes,
  );
}
