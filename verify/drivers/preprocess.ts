/** Cases of raw pictures and the pixels that a processor makes of them. */
import { join } from 'node:path';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { checkGraph, type CheckedNode } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import type { WireType } from '#engine/node/wire.ts';
import { bodyContext } from '#engine/plan/node-body.ts';
import { tiledViews, wholeViews } from '#host/stages/picture-views.ts';
import type { Batch, StageValue } from '#host/stages/stage-value.ts';
import { catalogue } from '#nodes/index.ts';
import type { Driver } from './case-check.ts';
import type { PreprocessRow } from '../cases/rows/case-row.ts';
import { compareTensors, type Comparison } from '../cases/comparison.ts';
import { setNode, type SetNode } from './node-params.ts';
import { preparedField, usualFields } from './prepared-fields.ts';
import { loadRaw, sourceNode, type RawSource } from './raw-sources.ts';

export const preprocessDriver: Driver<PreprocessRow> = async (row, recorded) => {
  const { config, folder, images = [], outputs, atol } = recorded;
  const files = { 'preprocessor_config.json': config, ...recorded.files };
  const node = setNode(row.node, recorded, files);
  if (typeof node === 'string') return { unsupported: node };
  const comparisons: Comparison[] = [];
  for (const path of images) {
    const source = { media: 'image', path: join(folder, path) } as const;
    const sized = await forPicture(node, source);
    if (!sized.ok) return sized;
    const prepared = await prepareAlone(sized.value, [source]);
    if (!prepared.ok) return prepared;
    for (const [field, reading] of Object.entries(row.fields ?? usualFields)) {
      const name = `${field}.${/([^/]+)\.\w+$/.exec(path)?.[1]}`;
      const expected = outputs.get(name);
      if (!expected) continue;
      const computed = preparedField(reading, prepared.value.batch, config);
      comparisons.push(compareTensors(name, computed, expected, atol));
    }
  }
  return ok(comparisons);
};

/** A node that is built for pictures of one size is told that of this one. */
export async function forPicture(node: SetNode, source: RawSource): Promise<Outcome<SetNode>> {
  if (!('pictureWidth' in node.definition.params)) return ok(node);
  const loaded = await loadRaw(source);
  if (!loaded.ok) return loaded;
  const [image] = loaded.value.kind === 'image' ? loaded.value.images : [];
  const size = { pictureWidth: image?.width ?? 0, pictureHeight: image?.height ?? 0 };
  return ok({ ...node, params: { ...node.params, ...size } });
}

export interface PreparedPictures {
  readonly batch: Batch;
  readonly wire: WireType;
}

/** Pictures or clips through the node, as a graph with nothing else would have it. */
export async function prepareAlone(
  { definition, params }: SetNode,
  sources: readonly RawSource[],
): Promise<Outcome<PreparedPictures>> {
  const given = sources.map((source, index) => sourceNode(`source${index}`, source));
  const document = sketchDocument(
    {
      ...Object.fromEntries(given.map(({ id, sketch }) => [id, sketch])),
      preprocess: [definition.type, params],
    },
    given.map(({ output }) => `${output} > preprocess.image`),
  );
  const checked = checkGraph(document, catalogue);
  const errors = checked.problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) return fail(...errors);
  const node = checked.nodes['preprocess'] as CheckedNode;
  const body = node.definition?.body;
  const step = body?.kind === 'host' ? body.step(bodyContext(checked, node)) : null;
  const wire = node.outputs['pixels'];
  if ((step?.kind !== 'preprocess' && step?.kind !== 'tile') || !wire)
    throw new Error(`"${definition.type}" makes no pixels.`);
  const values: StageValue[] = [];
  for (const source of sources) {
    const value = await loadRaw(source);
    if (!value.ok) return value;
    values.push(value.value);
  }
  const batch =
    step.kind === 'tile' ? tiledViews(values, step.recipe) : wholeViews(values, step.recipe);
  return ok({ batch, wire });
}
