/** What the canvas draws of an open graph at this moment; for gestures and commands, which need it once. */
import { checkedGraph } from '#renderer/analysis/checked-graph.ts';
import type { OpenDocument } from '#renderer/workspace/open-document.ts';
import { projectModels, type Layout, type Models } from '#renderer/canvas/flow/projection.ts';
import { placesOf } from './places.ts';

export interface ShownGraph {
  readonly models: Models;
  readonly places: Layout;
}

export function shownGraph({ id, document }: OpenDocument): ShownGraph {
  const checked = checkedGraph(document);
  const models = projectModels({ checked, problems: checked.problems, estimate: null });
  return { models, places: placesOf(id, document, models) };
}
