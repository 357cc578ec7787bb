/** Where checkpoints keep the tensors of a decoder: every family's names, alone and inside whole models. */
import type { KeyLayout } from '#engine/onnx/weight.ts';
import type { DecoderArchitecture } from './architecture/decoder-architecture.ts';
import { familyNames, type FamilyNames } from './names/family-names.ts';

/** Saved buffers that follow from the configuration. */
const isBuffer = (key: string): boolean =>
  /\.(rotary_emb\.inv_freq|attn\.(bias|masked_bias))$/.test(key);

/** Where a whole model puts its language model: its name of a tensor, and back. */
interface Placement {
  readonly title: string;
  readonly put: (key: string) => string;
  /** Null for what is not the language model's. */
  readonly take: (key: string) => string | null;
}

const prefixed = (title: string, prefix: string): Placement => ({
  title,
  put: (key) => prefix + key,
  take: (key) => (key.startsWith(prefix) ? key.slice(prefix.length) : null),
});

/** As `prefixed`, but the head stays outside. */
function inside(title: string, prefix: string): Placement {
  return {
    title,
    put: (key) => (key.startsWith('model.') ? prefix + key.slice('model.'.length) : key),
    take(key) {
      if (key.startsWith('lm_head.')) return key;
      return key.startsWith(prefix) ? `model.${key.slice(prefix.length)}` : null;
    },
  };
}

const placements: readonly Placement[] = [
  prefixed('language model alone', ''),
  prefixed('LLaVA, Hugging Face', 'language_model.'),
  inside('LLaVA, Hugging Face, since version 5', 'model.language_model.'),
  inside('Idefics, Hugging Face', 'model.text_model.'),
  prefixed('MiniCPM-V', 'llm.'),
];

function layout(
  { title, put, take }: Placement,
  family: FamilyNames,
  architecture: DecoderArchitecture,
): KeyLayout {
  const cut = family.cuts?.(architecture);
  return {
    title: `${title}, ${family.title}`,
    key: (name) =>
      put(family.renames.reduce((key, [own, published]) => key.replace(own, published), name)),
    ...(cut && { cut }),
    owns(key) {
      const taken = take(key);
      return taken !== null && family.begins.test(taken);
    },
    ignores: isBuffer,
  };
}

export const decoderKeyLayouts = (architecture: DecoderArchitecture): readonly KeyLayout[] =>
  familyNames.flatMap((family) =>
    placements.map((placement) => layout(placement, family, architecture)),
  );
