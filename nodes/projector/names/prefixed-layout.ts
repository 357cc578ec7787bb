/** The commonest layout: a checkpoint puts a prefix before the node's own names. */
import type { KeyLayout } from '#engine/onnx/weight.ts';

/** Everything under the prefix is the node's; an empty one means that the file holds nothing else. */
export const prefixedLayout = (title: string, prefix: string): KeyLayout => ({
  title,
  key: (name) => prefix + name,
  owns: (key) => key.startsWith(prefix),
});
