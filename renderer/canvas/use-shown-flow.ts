/** The open graph as React Flow's nodes and edges; parts that have not changed stay the same objects. */
import { useMemo, useRef } from 'react';
import { checkedGraph } from '#renderer/analysis/checked-graph.ts';
import { useEstimate } from '#renderer/analysis/estimate.ts';
import { useProblems } from '#renderer/analysis/problems.ts';
import type { OpenDocument } from '#renderer/workspace/open-document.ts';
import type { CardNode } from '#renderer/canvas/card/card-node.ts';
import { useCanvasView } from '#renderer/canvas/flow/canvas-view.ts';
import { placesOf } from '#renderer/canvas/placing/places.ts';
import {
  cardNode,
  noModels,
  projectModels,
  wireEdge,
  type Layout,
} from '#renderer/canvas/flow/projection.ts';
import { stripLevels } from '#renderer/canvas/flow/strip-levels.ts';
import { wireCourses } from '#renderer/canvas/flow/wire-courses.ts';
import type { WireEdge } from '#renderer/canvas/wire/wire-edge.ts';

interface ShownFlow {
  readonly nodes: CardNode[];
  readonly edges: WireEdge[];
  readonly places: Layout;
}

export function useShownFlow({ id, document, selection }: OpenDocument): ShownFlow {
  const problems = useProblems(document);
  const estimate = useEstimate();
  const selectedWires = useCanvasView((view) => view.selectedWires);
  const last = useRef(noModels);
  const models = useMemo(() => {
    last.current = projectModels(
      { checked: checkedGraph(document), problems, estimate },
      last.current,
    );
    return last.current;
  }, [document, problems, estimate]);
  const places = useMemo(() => placesOf(id, document, models), [id, document, models]);
  const levels = useMemo(() => stripLevels(models.cards, places), [models, places]);
  const nodes = useMemo(
    () =>
      models.cards.map((model) =>
        cardNode(model, places[model.id] ?? { x: 0, y: 0 }, selection.has(model.id), levels),
      ),
    [models, places, selection, levels],
  );
  const courses = useMemo(() => wireCourses(models, places), [models, places]);
  const edges = useMemo(
    () =>
      models.wires.map((model) =>
        wireEdge(model, selectedWires.has(model.id), courses.get(model.id)),
      ),
    [models, selectedWires, courses],
  );
  return { nodes, edges, places };
}
