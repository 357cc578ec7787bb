/** What a checkpoint folder's configuration says of the nodes that take their weights from it. Pure. */
import type { ConfigFiles } from '#engine/contract/config-files.ts';
import type { DocumentNode, GraphDocument } from '#engine/contract/document.ts';
import type { Edit } from '#engine/contract/edit.ts';
import type { Catalogue } from '#engine/node/any-node-definition.ts';
import { sameValue } from '#engine/same-value.ts';
import { rawParams } from './form-layout.ts';

export interface FilledParams {
  /** Only what changes. */
  readonly edits: readonly Edit[];
  /** A sentence for each node: what was taken, or why nothing was. */
  readonly said: readonly string[];
}

/** The parameters of `ids`, each as the configuration has it. */
export function takeConfig(
  { nodes }: GraphDocument,
  ids: readonly string[],
  files: ConfigFiles,
  catalogue: Catalogue,
): FilledParams {
  const edits: Edit[] = [];
  const said: string[] = [];
  for (const id of ids) {
    const node = nodes[id];
    const definition =
      node && Object.hasOwn(catalogue, node.type) ? catalogue[node.type] : undefined;
    if (!node || !definition) continue;
    const present = rawParams(node, definition);
    const taken = definition.fromConfig?.(files, present);
    if (!taken) continue;
    const prefix = ids.length > 1 ? `${node.title ?? definition.title}: ` : '';
    if (!taken.ok) {
      const reason = taken.problems.map(({ message }) => message).join(' ');
      said.push(`${prefix}Took nothing from the folder. ${reason}`);
      continue;
    }
    const { params, took, file } = taken.value;
    const names = Object.keys(params);
    edits.push(...editsOf(id, present, params));
    const count = names.length === 1 ? '1 parameter' : `${names.length} parameters`;
    said.push(`${prefix}Took ${count} from ${file}: ${took.join(', ')}.`);
  }
  return { edits, said };
}

function editsOf(
  id: string,
  present: DocumentNode['params'],
  params: DocumentNode['params'],
): readonly Edit[] {
  return Object.entries(params).flatMap(([param, value]): readonly Edit[] =>
    sameValue(present[param], value) ? [] : [{ type: 'set-param', id, param, value }],
  );
}
