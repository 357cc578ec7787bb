/** Keeps what a graph names by relative paths reachable when the graph is saved in another folder. Pure. */
import type { GraphDocument, Json } from '#engine/contract/document.ts';
import type { Edit } from '#engine/contract/edit.ts';
import {
  clipSourceSchema,
  imageSourceSchema,
  weightsChoiceSchema,
} from '#engine/contract/sources.ts';
import { isAbsolutePath, joinPath } from './file-names.ts';

/** Edits that make relative paths of pictures, clips and checkpoints whole, taken from `folder`. */
export function wholePathEdits(document: GraphDocument, folder: string): readonly Edit[] {
  return Object.entries(document.nodes).flatMap(([id, { params }]) =>
    Object.entries(params).flatMap(([param, value]): readonly Edit[] => {
      const moved = withWholePath(value, folder);
      return moved === null ? [] : [{ type: 'set-param', id, param, value: moved }];
    }),
  );
}

/** Null where there is nothing to mend. */
function withWholePath(value: Json, folder: string): Json | null {
  const picture = imageSourceSchema.safeParse(value).data;
  if (picture?.kind === 'file' && !isAbsolutePath(picture.path))
    return { ...picture, path: joinPath(folder, picture.path) };
  const clip = clipSourceSchema.safeParse(value).data;
  if (clip?.kind === 'clip' && !isAbsolutePath(clip.path))
    return { ...clip, path: joinPath(folder, clip.path) };
  const weights = weightsChoiceSchema.safeParse(value).data;
  if (weights?.kind !== 'checkpoint' || isAbsolutePath(weights.folder)) return null;
  // A checkpoint that comes with Patchbay lies in no folder of the user's.
  if (weights.folder.startsWith('builtin:')) return null;
  return { ...weights, folder: joinPath(folder, weights.folder) };
}
