/** What timm calls the figures of a vision transformer, but for its feed-forward. */
export const timmSizes = {
  patchSize: ['patch_size'],
  hiddenSize: ['embed_dim'],
  layerCount: ['depth'],
  headCount: ['num_heads'],
} as const;

/** All of them, where the feed-forward is a whole multiple of the width. */
export const timmKeys = {
  ...timmSizes,
  feedForwardSize: ['embed_dim', 'mlp_ratio'],
} as const;

/** Figures of one of several towers, as timm calls them. */
export const timmTower = (name: string) => ({
  imageSize: ['image_size'],
  patchSize: ['patch_size'],
  hiddenSize: [`${name}.embed_dim`],
  layerCount: [`${name}.depth`],
  headCount: [`${name}.num_heads`],
  feedForwardSize: [`${name}.embed_dim`, `${name}.mlp_ratio`],
});

/** A list with one figure a stage, such as `depths`, as the parameters `depth1` and on. */
export const stageKeys = (param: string, list: string, count: number) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`${param}${index + 1}`, [`${list}.${index}`]]),
  );
