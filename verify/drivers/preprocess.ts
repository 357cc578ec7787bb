/** Cases of raw pictures and the pixels that a processor makes of them. */
import { join } from 'node:path';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { checkGraph, type CheckedNode } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import type { WireType } from '#engine/node/wire.ts';
import { bodyContext } from '#engine/plan/node-body.ts';
import { decodeImage } from '#host/images/decode-image.ts';
import type { Tensor } from '#host/sessions/sessions.ts';
import { wholeViews } from '#host/stages/picture-views.ts';
import type { Batch, StageValue } from '#host/stages/stage-value.ts';
import { catalogue } from '#nodes/index.ts';
import type { Driver } from './case-check.ts';
import type { PreprocessRow } from '../cases/case-row.ts';
import { compareTensors, type Comparison, type ComputedTensor } from '../cases/comparison.ts';
import { setNode, type SetNode } from './node-params.ts';

export const preprocessDriver: Driver<PreprocessRow> = async (row, recorded) => {
  const { config, folder, images = [], outputs, atol } = recorded;
  const files = { 'preprocessor_config.json': config, ...recorded.files };
  const node = setNode(row.node, recorded, files);
  if (typeof node === 'string') return { unsupported: node };
  const comparisons: Comparison[] = [];
  for (const path of images) {
    const name = `pixel_values.${/([^/]+)\.\w+$/.exec(path)?.[1]}`;
    const expected = outputs.get(name);
    if (!expected) continue;
    const prepared = await prepareAlone(node, [join(folder, path)]);
    if (!prepared.ok) return prepared;
    comparisons.push(compareTensors(name, pixelsOf(prepared.value.batch), expected, atol));
  }
  return ok(comparisons);
};

export interface PreparedPictures {
  readonly batch: Batch;
  readonly wire: WireType;
}

/** Files of pictures through the node, as a graph with nothing else would have it. */
export async function prepareAlone(
  { definition, params }: SetNode,
  paths: readonly string[],
): Promise<Outcome<PreparedPictures>> {
  const images = paths.map((_, index) => `image${index}`);
  const document = sketchDocument(
    {
      ...Object.fromEntries(images.map((id) => [id, ['input/image']])),
      preprocess: [definition.type, params],
    },
    images.map((id) => `${id}.image > preprocess.image`),
  );
  const checked = checkGraph(document, catalogue);
  const errors = checked.problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) return fail(...errors);
  const node = checked.nodes['preprocess'] as CheckedNode;
  const body = node.definition?.body;
  const step = body?.kind === 'host' ? body.step(bodyContext(checked, node)) : null;
  const wire = node.outputs['pixels'];
  if (step?.kind !== 'preprocess' || !wire)
    throw new Error(`"${definition.type}" makes no pixels.`);
  const values: StageValue[] = [];
  for (const path of paths) {
    const picture = await decodeImage(path);
    if (!picture.ok) return picture;
    values.push({ kind: 'image', media: 'image', images: [picture.value] });
  }
  return ok({ batch: wholeViews(values, step.recipe), wire });
}

/** [views, 3, height, width] */
export function pixelsOf({ tensors }: Batch): ComputedTensor {
  const { dims, data } = tensors[''] as Tensor;
  return { shape: dims, data: data as Float32Array };
}
