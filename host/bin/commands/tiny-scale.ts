/** `--scale tiny`: the graph with the same parts, few narrow layers and random weights. */
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import { tinyForm } from '#engine/tiny/tiny-form.ts';
import { catalogue } from '#nodes/index.ts';
import { UsageError } from './exit-status.ts';
import type { NamedGraph } from './read-graph.ts';

export function isTinyScale(scale: string | undefined): boolean {
  if (scale !== undefined && scale !== 'tiny')
    throw new UsageError(
      `--scale is "tiny", not "${scale}"; without it a graph runs at its own size.`,
    );
  return scale !== undefined;
}

export function scaledDown(graph: Outcome<NamedGraph>): Outcome<NamedGraph> {
  if (!graph.ok) return graph;
  const document = tinyForm(graph.value.document, catalogue);
  return document.ok ? ok({ ...graph.value, document: document.value }) : document;
}
