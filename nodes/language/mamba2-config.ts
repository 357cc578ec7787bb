/** The Mamba-2 that a published config.json describes, in the spelling of its authors or of Hugging Face. */
import { z } from 'zod';
import type { ConfigFiles, JsonObject } from '#engine/contract/config-files.ts';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { TakenConfig } from '#engine/node/taken-config.ts';
import {
  foreign,
  modelTypeOf,
  namedLayers,
  readFigures,
  unsupported,
} from '../config/published-config.ts';
import {
  publishedMamba2s,
  type Mamba2Architecture,
  type PublishedMamba2,
} from './mamba2-architecture.ts';
import {
  authorsFigures,
  fromAuthors,
  fromHuggingFace,
  huggingFaceFigures,
  isOfAuthors,
  readAuthors,
  takeStateSpace,
} from './state-space-config.ts';

/** What is left unsaid means what the authors' classes mean by it. */
const authorsSchema = z.object({
  ...authorsFigures,
  d_state: z.int().default(128),
  headdim: z.int().default(64),
  ngroups: z.int().default(1),
  rmsnorm: z.boolean().default(true),
  norm_before_gate: z.boolean().default(false),
  D_has_hdim: z.boolean().default(false),
  /** Channels of the scan, where others go past it. */
  d_ssm: z.int().nullable().default(null),
});

/** No limit above: as a number, or as transformers 5 spells it, and as it is read where it stands as a bare word. */
const unlimited = z.union([
  z.custom<number>((value) => value === Infinity),
  z.object({ __float__: z.literal('Infinity') }),
]);

const huggingFaceSchema = z.object({
  ...huggingFaceFigures,
  vocab_size: z.int().default(32_768),
  hidden_size: z.int().default(4096),
  num_hidden_layers: namedLayers.default(64),
  state_size: z.int().default(128),
  num_heads: z.int().default(128),
  head_dim: z.int().default(64),
  n_groups: z.int().default(8),
  time_step_limit: z.tuple([z.unknown(), z.unknown()]).default([0, Infinity]),
  tie_word_embeddings: z.boolean().default(false),
});

export function mamba2FromConfig(files: ConfigFiles): Outcome<TakenConfig> {
  return takeStateSpace<PublishedMamba2, Mamba2Architecture>(
    files,
    'Mamba-2',
    publishedMamba2s,
    architectureFrom,
  );
}

function architectureFrom(json: JsonObject): Outcome<Mamba2Architecture> {
  const type = modelTypeOf(json);
  if (type === 'mamba2') return mamba2OfHuggingFace(json);
  if (isOfAuthors(json)) return mamba2OfAuthors(json);
  return foreign(`config.json describes no Mamba-2 but "${type}"; choose the node of its family.`);
}

function mamba2OfAuthors(json: JsonObject): Outcome<Mamba2Architecture> {
  const figures = readAuthors(authorsSchema, json);
  if (!figures.ok) return figures;
  const config = figures.value;
  if (config.layer === 'Mamba1')
    return foreign('config.json describes a Mamba; choose the node "Mamba".');
  const shared = fromAuthors(config, 'Mamba2');
  if (!shared.ok) return shared;
  if (!config.rmsnorm || config.norm_before_gate)
    return unsupported('A block without a norm behind its gate');
  if (config.D_has_hdim || config.d_ssm !== null)
    return unsupported('A block with channels past its heads, or a skip weight for each channel,');
  return ok({
    ...shared.value,
    headSize: config.headdim,
    groupCount: config.ngroups,
    normGroupCount: config.ngroups,
  });
}

/** Hugging Face normalises all channels of a block as one, however many groups there are. */
function mamba2OfHuggingFace(json: JsonObject): Outcome<Mamba2Architecture> {
  const figures = readFigures(huggingFaceSchema, json, 'config.json');
  if (!figures.ok) return figures;
  const config = figures.value;
  const [least, most] = config.time_step_limit;
  if (least !== 0 || !unlimited.safeParse(most).success)
    return unsupported('A limit of time steps');
  const shared = fromHuggingFace(config);
  if (!shared.ok) return shared;
  const { innerSize } = shared.value;
  if (config.num_heads * config.head_dim !== innerSize)
    return foreign(
      `config.json has ${config.num_heads} heads of ${config.head_dim} for ${innerSize} channels; take the one that was published with the model.`,
    );
  return ok({
    ...shared.value,
    headSize: config.head_dim,
    groupCount: config.n_groups,
    normGroupCount: 1,
  });
}
