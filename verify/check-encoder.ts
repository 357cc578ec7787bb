/** Recorded vision encoders. */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import type { Json } from '#engine/contract/document.ts';
import type { AnyNodeDefinition } from '#engine/node/node-definition.ts';
import { buildSingleNode, inputPrefix, outputPrefix } from '#engine/plan/node-body.ts';
import { activationFromConfig } from '#nodes/config/published-config.ts';
import { clipVit } from '#nodes/encoder/clip-vit.ts';
import { dinov2 } from '#nodes/encoder/dinov2.ts';
import { siglip } from '#nodes/encoder/siglip.ts';
import { float32, type Tensor } from '#host/sessions/sessions.ts';
import { compareFloats, type Comparison } from './comparison.ts';
import type { RecordedCase, RecordedTensor } from './recorded-case.ts';
import type { CaseCheck } from './case-check.ts';
import type { Workbench } from './workbench.ts';

type Params = Readonly<Record<string, Json>>;

/** Which tokens each recorded output of a tower stands for. */
const clipOutputs: Readonly<Record<string, Params>> = {
  last_hidden_state: { featureLayer: -1, select: 'all' },
  penultimate_hidden_state: { featureLayer: -2, select: 'all' },
  pooler_output: { select: 'pooled' },
  image_embeds: { select: 'projected' },
};
const siglipOutputs: Readonly<Record<string, Params>> = {
  last_hidden_state: { featureLayer: -1 },
  penultimate_hidden_state: { featureLayer: -2 },
  pooler_output: { select: 'pooled' },
};

const timmOutputs: Readonly<Record<string, Params>> = {
  features: { featureLayer: -1, select: 'all' },
  penultimate_patches: { featureLayer: -2, select: 'patches' },
  pooled: { select: 'pooled' },
};

/** Recorded where the library was asked to interpolate positions. */
const positionsOf = ({ config, call }: RecordedCase): Params => ({
  ...towerParams(config),
  positions: call?.['interpolate_pos_encoding'] === true ? 'interpolated' : 'trained',
});

export const checkClip: CaseCheck = (recorded, workbench) =>
  checkTower(recorded, clipVit, positionsOf(recorded), clipOutputs, workbench);

export const checkSiglip: CaseCheck = (recorded, workbench) =>
  checkTower(recorded, siglip, positionsOf(recorded), siglipOutputs, workbench);

export const checkDinov2: CaseCheck = (recorded, workbench) => {
  const taken = dinov2.fromConfig?.({ 'config.json': recorded.config });
  if (taken?.ok !== true) return Promise.resolve(taken ?? { unsupported: 'its configuration' });
  return checkTower(recorded, dinov2, taken.value.params, clipOutputs, workbench);
};

export const checkTimmDinov2: CaseCheck = (recorded, workbench) => {
  const { config } = recorded;
  const params = {
    positions: 'timm',
    imageSize: config['img_size'] ?? 0,
    patchSize: config['patch_size'] ?? 0,
    hiddenSize: config['embed_dim'] ?? 0,
    layerCount: config['depth'] ?? 0,
    headCount: config['num_heads'] ?? 0,
    feedForwardSize: Number(config['embed_dim']) * Number(config['mlp_ratio']),
    registerCount: 4,
  };
  return checkTower(recorded, dinov2, params, timmOutputs, workbench);
};

async function checkTower(
  recorded: RecordedCase,
  definition: AnyNodeDefinition,
  figures: Params,
  outputs: Readonly<Record<string, Params>>,
  workbench: Workbench,
): Promise<Outcome<readonly Comparison[]>> {
  const pixels = recorded.inputs.get('pixel_values') as RecordedTensor;
  const comparisons: Comparison[] = [];
  for (const [name, expected] of recorded.outputs) {
    const select = outputs[name];
    if (!select)
      return fail(error('stage-failed', `The output "${name}" is not one of ${definition.title}.`));
    const params = { ...figures, ...select };
    const computed = await runTower(definition, params, recorded.folder, pixels, workbench);
    if (!computed.ok) return computed;
    comparisons.push(compareFloats(name, computed.value, expected, recorded.atol));
  }
  return ok(comparisons);
}

/** The tokens [count · channels] of all pictures [B, 3, H, W], one run a picture. */
export async function runTower(
  definition: AnyNodeDefinition,
  params: Params,
  folder: string,
  { shape, data }: RecordedTensor,
  workbench: Workbench,
): Promise<Outcome<Float32Array>> {
  const [batch = 1, , height = 0, width = 0] = shape;
  const built = buildSingleNode({
    definition,
    params: { model: 'custom', ...params, weights: { kind: 'checkpoint', folder } },
    inputs: { pixels: { kind: 'pixels', height, width } },
  });
  if (!built.ok) return built;
  const tokens: number[] = [];
  const size = 3 * height * width;
  for (let picture = 0; picture < batch; picture++) {
    const numbers = Float32Array.from(data.slice(picture * size, (picture + 1) * size));
    const feeds = { [`${inputPrefix}pixels`]: float32(numbers, [1, 3, height, width]) };
    const outputs = await workbench.run(built.value.model, feeds);
    if (!outputs.ok) return outputs;
    tokens.push(...((outputs.value[`${outputPrefix}tokens`] as Tensor).data as Float32Array));
  }
  return ok(Float32Array.from(tokens));
}

/** The figures of a tower's config.json. */
export function towerParams(config: Params): Params {
  return {
    imageSize: config['image_size'] ?? 0,
    patchSize: config['patch_size'] ?? 0,
    hiddenSize: config['hidden_size'] ?? 0,
    layerCount: config['num_hidden_layers'] ?? 0,
    headCount: config['num_attention_heads'] ?? 0,
    feedForwardSize: config['intermediate_size'] ?? 0,
    activation: activationFromConfig(config['hidden_act']) ?? '',
    normEpsilon: config['layer_norm_eps'] ?? 0,
    ...(config['projection_dim'] === undefined ? {} : { projectionSize: config['projection_dim'] }),
  };
}
