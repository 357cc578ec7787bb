/** In which layers of a published configuration attention slides, how far, and what turns those layers. */
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import { foreign, unsupported } from '../config/published-config.ts';
import type { DecoderArchitecture } from './architecture/decoder-architecture.ts';
import type { DecoderConfig } from './families/family.ts';

/** What the library calls layers that see everything, and those that see a window. */
const [full, sliding] = ['full_attention', 'sliding_attention'];

type Windows = Pick<DecoderArchitecture, 'attentionWindow' | 'fullAttentionEvery'>;

/** Fails with `config-foreign` for a window of no token, with `config-unsupported` for layers of no pattern. */
export function windowFromConfig(config: DecoderConfig): Outcome<Partial<Windows>> {
  const { sliding_window: window, layer_types: kinds, max_position_embeddings: context } = config;
  const other = kinds?.find((kind) => kind !== full && kind !== sliding);
  if (other !== undefined) return unsupported(`A layer of the kind "${other}"`);
  const slides = slidingLayers(config);
  if (typeof window !== 'number' || !slides.includes(true)) return ok({});
  if (window < 1)
    return foreign(
      `config.json cannot be taken: in a window of ${window} tokens none sees even itself; "sliding_window" has to be 1 or more, or null.`,
    );
  // One as long as the context hides nothing.
  if (window >= context && windowRotary(config) === null) return ok({});
  const every = slides.indexOf(false) + 1;
  const isRegular = slides.every(
    (does, layer) => does === (every === 0 || (layer + 1) % every > 0),
  );
  if (!isRegular) return unsupported('Attention that slides in layers of no regular pattern');
  return ok({ attentionWindow: window, fullAttentionEvery: every === 0 ? null : every });
}

/** Of each layer. */
function slidingLayers(config: DecoderConfig): readonly boolean[] {
  const { layer_types: kinds, sliding_window_pattern: every, max_window_layers: whole } = config;
  if (kinds) return kinds.map((kind) => kind === sliding);
  return Array.from({ length: config.num_hidden_layers }, (_, layer) => {
    if (typeof every === 'number') return (layer + 1) % every > 0;
    if (config.use_sliding_window === false) return false;
    return layer >= (whole ?? 0);
  });
}

/** What turns layers whose attention slides otherwise than the others; null where nothing does. */
function windowRotary({ rope_parameters: rotary, rope_local_base_freq: base }: DecoderConfig) {
  return rotary?.sliding_attention ?? (typeof base === 'number' ? { rope_theta: base } : null);
}

/** Fails with `config-unsupported` where the frequencies of those layers are stretched in a way of their own. */
export function windowRotaryFromConfig(
  config: DecoderConfig,
): Outcome<Partial<DecoderArchitecture>> {
  const rotary = windowRotary(config);
  if (!rotary) return ok({});
  const { rope_type: type = 'default', rope_theta: windowRotaryBase = 10_000 } = rotary;
  if (type !== 'default')
    return unsupported(`Rotary scaling "${type}" of layers whose attention slides`);
  return ok({ windowRotaryBase, windowRotaryScaling: false });
}
