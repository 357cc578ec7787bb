/** What a node is called: its own title, that of its type, or the type where nobody knows it. */
import type { CheckedNode } from './check.ts';

export function nodeTitle({ node, definition }: Pick<CheckedNode, 'node' | 'definition'>): string {
  return node.title ?? definition?.title ?? node.type;
}
