/** Recorded projectors, with the token packing before them. */
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { Json } from '#engine/contract/document.ts';
import type { AnyNodeDefinition } from '#engine/node/node-definition.ts';
import { knownCount, type WireOf } from '#engine/node/wire.ts';
import { buildSingleNode, inputPrefix, outputPrefix } from '#engine/plan/node-body.ts';
import { pixelShuffle } from '#nodes/compression/pixel-shuffle.ts';
import { linear } from '#nodes/projector/linear.ts';
import { mlp } from '#nodes/projector/mlp.ts';
import { activationFromConfig } from '#nodes/config/published-config.ts';
import { float32, type Tensor } from '#host/sessions/sessions.ts';
import { compareFloats, type Comparison } from './comparison.ts';
import type { RecordedCase, RecordedTensor } from './recorded-case.ts';
import type { CaseCheck } from './case-check.ts';
import type { Workbench } from './workbench.ts';

type Params = Readonly<Record<string, Json>>;

export interface Tokens {
  readonly wire: WireOf<'tokens'>;
  /** [1, count, channels] */
  readonly data: Float32Array;
}

export const checkMlp: CaseCheck = async (recorded, workbench) =>
  checkPictures(recorded, (tokens) => runTokens(mlp, mlpParams(recorded), tokens, workbench), 0);

/** LLaVA-style names; InternVL adds a norm and drops the class token before it shuffles. */
function mlpParams({ config, folder }: RecordedCase): Params {
  return {
    outputWidth: config['text_hidden_size'] ?? null,
    activation: activationFromConfig(config['projector_hidden_act'] ?? 'gelu') ?? '',
    inputNorm: config['layer_norm_eps'] !== undefined,
    bias: config['multimodal_projector_bias'] ?? true,
    weights: { kind: 'checkpoint', folder },
  };
}

export const checkPixelShuffle: CaseCheck = (recorded, workbench) => {
  const { config, folder } = recorded;
  const internvl = config['downsample_ratio'] !== undefined;
  const factor = internvl ? 1 / Number(config['downsample_ratio']) : Number(config['scale_factor']);
  return checkPictures(
    recorded,
    async (tokens) => {
      const shuffled = await runTokens(pixelShuffle, { factor }, tokens, workbench);
      if (!shuffled.ok) return shuffled;
      const weights = { kind: 'checkpoint', folder } as const;
      return internvl
        ? runTokens(mlp, mlpParams(recorded), shuffled.value, workbench)
        : runTokens(
            linear,
            { outputWidth: config['text_hidden_size'] ?? null, bias: false, weights },
            shuffled.value,
            workbench,
          );
    },
    internvl ? 1 : 0,
  );
};

/** Every picture of the batch through `project`, against the recorded features. */
async function checkPictures(
  { inputs, outputs, atol }: RecordedCase,
  project: (tokens: Tokens) => Promise<Outcome<Tokens>>,
  prefixTokens: number,
): Promise<Outcome<readonly Comparison[]>> {
  const features = inputs.get('image_features') as RecordedTensor;
  const [channels = 1, count = 1] = features.shape.toReversed();
  const batch = features.data.length / (channels * count);
  const projected: number[] = [];
  for (let picture = 0; picture < batch; picture++) {
    const size = count * channels;
    const data = Float32Array.from(features.data.slice(picture * size, (picture + 1) * size));
    const side = Math.sqrt(count - prefixTokens);
    const grid = Number.isInteger(side) ? { rows: side, columns: side } : null;
    const wire = {
      kind: 'tokens',
      count: knownCount(count),
      channels,
      prefixTokens,
      grid,
    } as const;
    const result = await project({ wire, data });
    if (!result.ok) return result;
    projected.push(...result.value.data);
  }
  const expected = outputs.get('image_features') as RecordedTensor;
  return ok([compareFloats('image_features', Float32Array.from(projected), expected, atol)]);
}

/** Tokens through one node that takes tokens and gives tokens. */
export async function runTokens(
  definition: AnyNodeDefinition,
  params: Params,
  { wire, data }: Tokens,
  workbench: Workbench,
): Promise<Outcome<Tokens>> {
  const built = buildSingleNode({ definition, params, inputs: { tokens: wire } });
  if (!built.ok) return built;
  const input = float32(data, [1, wire.count.tokens, wire.channels]);
  const outputs = await workbench.run(built.value.model, { [`${inputPrefix}tokens`]: input });
  if (!outputs.ok) return outputs;
  const tensor = outputs.value[`${outputPrefix}tokens`] as Tensor;
  const given = built.value.outputs['tokens'] as WireOf<'tokens'>;
  const count = knownCount(tensor.dims[1] ?? 0);
  return ok({ wire: { ...given, count }, data: tensor.data as Float32Array });
}
