/**
 * A graph in small: the same parts, wires and mechanisms, pictures of the same size and as many visual tokens, but a few
 * narrow layers and a short list of words. It runs in a second where the graph itself needs gigabytes, and shows how the
 * graph works, not what it costs. Pure.
 */
import type { GraphDocument } from '../contract/document.ts';
import { fail, ok, type Outcome } from '../contract/outcome.ts';
import { error, type Problem } from '../contract/problem.ts';
import { estimateGraph } from '../estimate/estimate.ts';
import type { Catalogue } from '../node/any-node-definition.ts';
import type { Params } from '../node/param.ts';
import { checkGraph, type CheckedGraph, type CheckedNode } from '../graph/check.ts';
import { nodeTitle } from '../graph/node-title.ts';
import { tinyFigures, type Figures } from './tiny-figures.ts';

/** A part that has more in small has no small form. */
const mostParameters = 20e6;

/** Fails with the parts that have no small form, or with what is wrong with the graph itself. */
export function tinyForm(document: GraphDocument, catalogue: Catalogue): Outcome<GraphDocument> {
  const whole = checkGraph(document, catalogue);
  const broken = errorsOf(whole.problems);
  if (broken.length > 0) return fail(...broken);
  const figures = new Map(
    Object.values(whole.nodes).flatMap((node) => {
      const spelled = spelledOut(node);
      return spelled ? [[node.id, spelled] as const] : [];
    }),
  );
  const width = languageWidth(whole, figures);
  const nodes = Object.fromEntries(
    Object.entries(document.nodes).map(([id, node]) => {
      const own = figures.get(id);
      return [id, own ? { ...node, params: tinyFigures(own, width) } : node];
    }),
  );
  const tiny: GraphDocument = { ...document, title: `${document.title}, tiny`, nodes };
  const unfit = withoutSmallForm(tiny, catalogue);
  return unfit.length > 0 ? fail(...unfit) : ok(tiny);
}

/** All parameters, those of a published model one by one; null of a node that is not known. */
function spelledOut({ definition, params }: CheckedNode): Figures | null {
  if (!definition) return null;
  const { model }: Params = definition.params;
  const chosen = params['model'];
  if (model?.kind !== 'choice' || !model.standsFor || typeof chosen !== 'string') return params;
  return { ...params, ...model.standsFor(chosen), model: 'custom' };
}

/** Channels of the language model, by which what leads to it is as wide as it has to be; 1 where there is none. */
function languageWidth({ nodes }: CheckedGraph, figures: ReadonlyMap<string, Figures>): number {
  const widths = Object.values(nodes).flatMap(({ id, definition }) => {
    const width = definition?.family === 'language' ? figures.get(id)?.['hiddenSize'] : null;
    return typeof width === 'number' ? [width] : [];
  });
  return Math.max(1, ...widths);
}

function withoutSmallForm(tiny: GraphDocument, catalogue: Catalogue): readonly Problem[] {
  const checked = checkGraph(tiny, catalogue);
  const unfit = (node: string, why: string): Problem => {
    const part = checked.nodes[node];
    const title = part ? nodeTitle(part) : node;
    return error('no-small-form', `"${title}" has no small form: ${why}`, { node });
  };
  const broken = errorsOf(checked.problems);
  if (broken.length > 0) return broken.map(({ node = '', message }) => unfit(node, message));
  const estimate = estimateGraph(checked);
  if (!estimate.ok) return estimate.problems;
  return estimate.value.stages
    .filter(({ parameters }) => parameters > mostParameters)
    .map(({ node, parameters }) =>
      unfit(node, `it keeps ${Math.round(parameters / 1e6)} million parameters; leave it out.`),
    );
}

const errorsOf = (problems: readonly Problem[]): readonly Problem[] =>
  problems.filter(({ severity }) => severity === 'error');
