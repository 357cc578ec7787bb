/** The files and folders of this machine that a graph names, and which of them the user has not chosen. */
import { resolve } from 'node:path';
import type { GraphDocument, Json } from '#engine/contract/document.ts';
import type { Problem } from '#engine/contract/problem.ts';
import {
  clipSourceSchema,
  imageSourceSchema,
  weightsChoiceSchema,
} from '#engine/contract/sources.ts';
import { unchosen, type ChosenPlaces, type NamedKind } from './files/chosen-places.ts';
import { checkpointFolder } from './weights/checkpoint-folder.ts';

/** One problem for each parameter that names a place which the user has not chosen; nothing is looked at. */
export async function unchosenPlaces(
  { nodes }: GraphDocument,
  baseFolder: string,
  chosen: ChosenPlaces,
): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  for (const [node, { params }] of Object.entries(nodes))
    for (const [param, value] of Object.entries(params)) {
      const named = namedBy(value, baseFolder);
      if (named && !(await chosen.isChosen(named.place)))
        problems.push(unchosen(named.what, named.place, { node, param }));
    }
  return problems;
}

function namedBy(value: Json, baseFolder: string): { what: NamedKind; place: string } | null {
  const picture = imageSourceSchema.safeParse(value).data;
  if (picture?.kind === 'file')
    return { what: 'picture', place: resolve(baseFolder, picture.path) };
  const clip = clipSourceSchema.safeParse(value).data;
  if (clip?.kind === 'clip') return { what: 'clip', place: resolve(baseFolder, clip.path) };
  const weights = weightsChoiceSchema.safeParse(value).data;
  if (weights?.kind !== 'checkpoint') return null;
  return { what: 'folder', place: checkpointFolder(weights.folder, baseFolder) };
}
