/** Fills the parameters of nodes from the checkpoint folder that was chosen for them. */
import { sameValue } from '#engine/same-value.ts';
import { catalogue } from '#nodes/index.ts';
import { ask, host } from '#renderer/connection/host-client.ts';
import { activeDocument, edit, sealStep, workspace } from '#renderer/workspace/workspace-store.ts';
import { mergeKeyOf, type BoundParam } from './bound-param.ts';
import { takeConfig } from './take-config.ts';

/**
 * Belongs to the step that chose the folder, which it ends. What was taken, and why other things were not, a
 * sentence each; nothing where something else was chosen meanwhile.
 */
export async function fillFromFolder(
  bound: BoundParam,
  folder: string,
): Promise<readonly string[]> {
  const { documentId, baseFolder, nodes } = bound;
  const config = await ask(
    host.files.folderConfig.query({ folder, ...(baseFolder !== undefined && { baseFolder }) }),
  );
  const open = activeDocument(workspace.getState());
  const isStillChosen = nodes.every((id) =>
    sameValue(open?.document.nodes[id]?.params[bound.name], { kind: 'checkpoint', folder }),
  );
  if (open?.id !== documentId || !isStillChosen) return [];
  if (!config.ok) {
    sealStep();
    return config.problems.map(({ message }) => `Took nothing from the folder. ${message}`);
  }
  const { edits, said } = takeConfig(open.document, nodes, config.value, catalogue);
  if (edits.length > 0) edit('Change weights', edits, mergeKeyOf(bound));
  sealStep();
  return said;
}
