/** Checkpoint folders that are likely to be wanted for a node. Pure. */
import type { GraphDocument } from '#engine/contract/document.ts';
import { weightsChoiceSchema } from '#engine/contract/sources.ts';

const builtinPrefix = 'builtin:';

/** The checkpoints that come with Patchbay carry the name of the published model that they are of. */
const builtinNames: readonly string[] = ['shapes-llava'];

/** "shapes-llava" of `builtin:shapes-llava`; null for a folder of the machine. */
export function builtinName(folder: string): string | null {
  return folder.startsWith(builtinPrefix) ? folder.slice(builtinPrefix.length) : null;
}

/**
 * Folders that other nodes of the graph take their weights from, since one checkpoint holds all of them,
 * and the one that comes with Patchbay where all the nodes are of its model.
 */
export function likelyFolders(
  { nodes }: GraphDocument,
  ids: readonly string[],
  present: string | null,
): readonly string[] {
  const folders = Object.values(nodes).flatMap(({ params }) => {
    const choice = weightsChoiceSchema.safeParse(params['weights']);
    return choice.success && choice.data.kind === 'checkpoint' ? [choice.data.folder] : [];
  });
  const models = new Set(ids.map((id) => nodes[id]?.params['model']));
  const [model] = models;
  const builtin = models.size === 1 && builtinNames.find((name) => name === model);
  const likely = [...folders, ...(builtin ? [builtinPrefix + builtin] : [])];
  return [...new Set(likely)].filter((folder) => folder !== present);
}
