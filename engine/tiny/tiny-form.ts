/**
 * A graph in small: the same parts, wires and mechanisms, pictures of the same size and as many visual tokens, but a few
 * narrow layers and a short list of words. It runs in a second where the graph itself needs gigabytes, and shows how the
 * graph works, not what it costs. Pure.
 */
import type { GraphDocument, Json } from '../contract/document.ts';
import { fail, ok, type Outcome } from '../contract/outcome.ts';
import { error, type Problem } from '../contract/problem.ts';
import { estimateGraph } from '../estimate/estimate.ts';
import type { AnyNodeDefinition, Catalogue } from '../node/any-node-definition.ts';
import type { Params } from '../node/param.ts';
import { checkGraph } from '../graph/check.ts';
import { nodeTitle } from '../graph/node-title.ts';
import { tinyFigures, type Figures } from './tiny-figures.ts';

/** A part that has more in small has no small form. */
const mostParameters = 20e6;

/** Fails with the parts that have no small form, or with what is wrong with the graph itself. */
export function tinyForm(document: GraphDocument, catalogue: Catalogue): Outcome<GraphDocument> {
  const whole = checkGraph(document, catalogue);
  const broken = errorsOf(whole.problems);
  if (broken.length > 0) return fail(...broken);
  const width = languageWidth(document, catalogue);
  const nodes = Object.fromEntries(
    Object.entries(document.nodes).map(([id, node]) => {
      const definition = catalogue[node.type];
      if (!definition) return [id, node];
      const figures = spelledOut(definition, node.params);
      return [id, { ...node, params: tinyFigures(figures, width) }];
    }),
  );
  const tiny: GraphDocument = { ...document, title: `${document.title}, tiny`, nodes };
  const unfit = withoutSmallForm(tiny, catalogue);
  return unfit.length > 0 ? fail(...unfit) : ok(tiny);
}

/** All parameters, those of a published model one by one. */
function spelledOut(definition: AnyNodeDefinition, params: Figures): Figures {
  const declared: Params = definition.params;
  const defaults = Object.entries(declared).map(([name, param]): [string, Json] => [
    name,
    param.default,
  ]);
  const all = { ...Object.fromEntries(defaults), ...params };
  const model = declared['model'];
  if (model?.kind !== 'choice' || !model.standsFor || typeof all['model'] !== 'string') return all;
  return { ...all, ...model.standsFor(all['model']), model: 'custom' };
}

/** Channels of the language model, by which what leads to it is as wide as it has to be; 1 where there is none. */
function languageWidth(document: GraphDocument, catalogue: Catalogue): number {
  const widths = Object.values(document.nodes).flatMap(({ type, params }) => {
    const definition = catalogue[type];
    if (definition?.family !== 'language') return [];
    const width = spelledOut(definition, params)['hiddenSize'];
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
