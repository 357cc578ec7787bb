/** What is selected, in full: parameters, weights, estimates, explanation. */
import { checkedGraph } from '#renderer/analysis/checked-graph.ts';
import { useProblems } from '#renderer/analysis/problems.ts';
import type { OpenDocument } from '#renderer/workspace/open-document.ts';
import { GraphPanel } from './graph-panel.tsx';
import { NodePanel } from './node-panel.tsx';
import { SeveralPanel } from './several-panel.tsx';
import { UnknownNodePanel } from './unknown-node-panel.tsx';

export function Inspector({ open }: { readonly open: OpenDocument }) {
  const problems = useProblems(open.document);
  const nodes = [...open.selection];
  const [id, ...others] = nodes;
  const node = id === undefined ? undefined : checkedGraph(open.document).nodes[id];
  if (!node) return <GraphPanel open={open} />;
  if (others.length > 0)
    return <SeveralPanel key={nodes.join()} open={open} nodes={nodes} problems={problems} />;
  const own = problems.filter((problem) => problem.node === node.id);
  const { definition } = node;
  const shared = { open, node, problems: own };
  return definition ? (
    <NodePanel key={node.id} definition={definition} {...shared} />
  ) : (
    <UnknownNodePanel key={node.id} {...shared} />
  );
}
