/** Takes in files that were dropped: graphs open, a picture becomes what the graph looks at, others are refused. */
import type { ImageSource } from '#engine/contract/sources.ts';
import { addNode } from '#renderer/canvas/placing/add-node.ts';
import { shell } from '#renderer/connection/shell.ts';
import { tell, tellProblems } from '#renderer/notices/notices.ts';
import { activeDocument, edit, select, workspace } from '#renderer/workspace/workspace-store.ts';
import { kindOfDropped } from './dropped-file.ts';
import { newDocument } from './file-actions.ts';
import { imageNodeOf, imageNodeType } from './image-node.ts';
import { openContent, openPath } from './open-graph.ts';
import { takePicture } from './pictures.ts';

export async function takeFiles(files: readonly File[]): Promise<void> {
  const pictures: File[] = [];
  for (const file of files) {
    const kind = kindOfDropped(file);
    if (!kind.ok) tellProblems(kind.problems);
    else if (kind.value === 'picture') pictures.push(file);
    else await openGraph(file);
  }
  const [picture, ...others] = pictures;
  if (!picture) return;
  if (others.length > 0)
    tell(`A graph looks at one picture: of ${pictures.length}, ${picture.name} was taken.`);
  const source = await takePicture(picture);
  if (source.ok) lookAt(source.value);
  else tellProblems(source.problems);
}

/** By its path where the window knows it, so that it can be saved there again. */
async function openGraph(file: File): Promise<void> {
  const path = shell?.pathOf(file) ?? '';
  await (path === '' ? openContent(file) : openPath(path));
}

function lookAt(source: ImageSource): void {
  if (!activeDocument(workspace.getState())) newDocument();
  const open = activeDocument(workspace.getState());
  if (!open) return;
  const id = imageNodeOf(open.document, open.selection) ?? addNode(imageNodeType);
  if (id === null) return;
  if (edit('Choose picture', [{ type: 'set-param', id, param: 'source', value: { ...source } }]))
    select([id]);
}
