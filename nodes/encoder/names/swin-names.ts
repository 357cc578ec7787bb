/** Where checkpoints keep the tensors of a Swin; the node calls them as the Hugging Face library does. */
import type { KeyLayout } from '#engine/onnx/weight.ts';

const projections = ['query', 'key', 'value'] as const;
const projection = /\.attention\.self\.(query|key|value)\./;

const unused = /(^head\.|relative_position_index$|attn_mask$)/;

/** `firstSize`: channels of the first stage; those of each further one are twice as many. */
export function swinLayouts(firstSize: number): readonly KeyLayout[] {
  const library = [
    ['Hugging Face', ''],
    ['Hugging Face, in a model with a head', 'swin.'],
  ] as const;
  return [
    ...library.map(([title, prefix]): KeyLayout => ({
      title,
      key: (name) => prefix + name,
      owns: (key) =>
        key.startsWith(prefix) &&
        /^(embeddings|encoder\.layers|layernorm)\./.test(key.slice(prefix.length)),
      ignores: (key) => /(relative_position_index$|embeddings\.mask_token$|layernorm\.)/.test(key),
    })),
    joinedLayout('timm', firstSize, 1),
    joinedLayout('authors', firstSize, 0),
  ];
}

/** `mergedBefore`: by how many stages the step to a next one is counted later. */
function joinedLayout(title: string, firstSize: number, mergedBefore: number): KeyLayout {
  return {
    title,
    key: (name) =>
      name
        .replace(/^encoder\.layers\.(\d+)\.downsample\./, (_, stage: string) => {
          return `layers.${Number(stage) + mergedBefore}.downsample.`;
        })
        .replace(/^encoder\./, '')
        .replace(/^embeddings\.patch_embeddings\.projection\./, 'patch_embed.proj.')
        .replace(/^embeddings\.norm\./, 'patch_embed.norm.')
        .replace(/^layernorm\./, 'norm.')
        .replace(projection, '.attn.qkv.')
        .replace('.attention.self.', '.attn.')
        .replace('.attention.output.dense.', '.attn.proj.')
        .replace('.layernorm_before.', '.norm1.')
        .replace('.layernorm_after.', '.norm2.')
        .replace('.intermediate.dense.', '.mlp.fc1.')
        .replace('.output.dense.', '.mlp.fc2.'),
    cut(name) {
      const [, part] = projection.exec(name) ?? [];
      const stage = Number(/^encoder\.layers\.(\d+)\./.exec(name)?.[1]);
      const index = projections.findIndex((each) => each === part);
      if (index < 0) return null;
      const size = firstSize * 2 ** stage;
      return { start: index * size, of: 3 * size };
    },
    owns: (key) => /^(patch_embed|layers|norm|head)\./.test(key),
    ignores: (key) => unused.test(key),
  };
}
