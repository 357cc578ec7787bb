/** Fills the parameters of nodes from the configuration of a checkpoint folder. */
import type { GraphDocument } from '#engine/contract/document.ts';
import { catalogue } from '#nodes/index.ts';
import { ask, host } from '#renderer/connection/host-client.ts';
import { activeDocument, edit, sealStep, workspace } from '#renderer/workspace/workspace-store.ts';
import { takeConfig } from './take-config.ts';

export interface Filling {
  readonly documentId: string;
  readonly baseFolder: string | undefined;
  readonly nodes: readonly string[];
  readonly folder: string;
  /** What the step of undo is called, and the step that it belongs to, which it ends. */
  readonly label: string;
  readonly mergeKey?: string;
  /** Is it still to be done, once the folder has been read? */
  readonly isWanted: (document: GraphDocument) => boolean;
}

/** What was taken, or why nothing was, a sentence each; none where something else was chosen meanwhile. */
export async function fillFromFolder(filling: Filling): Promise<readonly string[]> {
  const { documentId, baseFolder, nodes, folder, label, mergeKey, isWanted } = filling;
  const config = await ask(
    host.files.folderConfig.query({ folder, ...(baseFolder !== undefined && { baseFolder }) }),
  );
  const open = activeDocument(workspace.getState());
  if (open?.id !== documentId || !isWanted(open.document)) return [];
  if (!config.ok) {
    sealStep();
    return config.problems.map(({ message }) => `Took nothing from the folder. ${message}`);
  }
  const { edits, said } = takeConfig(open.document, nodes, config.value, catalogue);
  if (edits.length > 0) edit(label, edits, mergeKey);
  sealStep();
  return said;
}
