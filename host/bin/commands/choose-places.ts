/** What a command line names, a graph may name too: what lies beside its file, and what is allowed besides. */
import { resolve } from 'node:path';
import { placeOfGraph, type ChosenPlaces } from '../../files/chosen-places.ts';

/** For this command only: a script should not widen what the app reads. */
export function choosePlaces(
  chosen: ChosenPlaces,
  operand: string,
  allowed: readonly string[] = [],
): void {
  // A graph from standard input lies, as it were, in the present folder; of a preset's name nothing lies beside.
  chosen.chooseForNow(placeOfGraph(resolve(operand)));
  for (const place of allowed) chosen.chooseForNow(place);
}
