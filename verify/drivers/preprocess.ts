/** Cases of raw pictures and the pixels that a processor makes of them. */
import { join } from 'node:path';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { checkGraph, type CheckedNode } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import type { WireType } from '#engine/node/wire.ts';
import { bodyContext } from '#engine/plan/node-body.ts';
import type { Tensor } from '#host/sessions/sessions.ts';
import { tiledViews, wholeViews } from '#host/stages/picture-views.ts';
import type { Batch, StageValue } from '#host/stages/stage-value.ts';
import { catalogue } from '#nodes/index.ts';
import type { Driver } from './case-check.ts';
import type { PreprocessRow } from '../cases/rows/case-row.ts';
import { compareTensors, type Comparison, type ComputedTensor } from '../cases/comparison.ts';
import { setNode, type SetNode } from './node-params.ts';
import { loadRaw, sourceNode, type RawSource } from './raw-sources.ts';

export const preprocessDriver: Driver<PreprocessRow> = async (row, recorded) => {
  const { config, folder, images = [], outputs, atol } = recorded;
  const files = { 'preprocessor_config.json': config, ...recorded.files };
  const node = setNode(row.node, recorded, files);
  if (typeof node === 'string') return { unsupported: node };
  const comparisons: Comparison[] = [];
  for (const path of images) {
    const prepared = await prepareAlone(node, [{ media: 'image', path: join(folder, path) }]);
    if (!prepared.ok) return prepared;
    const { batch } = prepared.value;
    const computed = { pixel_values: pixelsOf(batch), image_sizes: sizesOf(batch) };
    for (const [field, tensor] of Object.entries(computed)) {
      const name = `${field}.${/([^/]+)\.\w+$/.exec(path)?.[1]}`;
      const expected = outputs.get(name);
      if (expected) comparisons.push(compareTensors(name, tensor, expected, atol));
    }
  }
  return ok(comparisons);
};

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

/** [views, 3, height, width] */
export function pixelsOf({ tensors }: Batch): ComputedTensor {
  const { dims, data } = tensors[''] as Tensor;
  return { shape: dims, data: data as Float32Array };
}

/** Height and width of each picture. */
export function sizesOf({ views }: Batch): ComputedTensor {
  const items = new Map(views.map(({ item, original }) => [item, original]));
  return {
    shape: [items.size, 2],
    data: [...items.values()].flatMap(({ height, width }) => [height, width]),
  };
}
