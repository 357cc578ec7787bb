/** One node in full. */
import { useEffect } from 'react';
import type { Problem } from '#engine/contract/problem.ts';
import type { CheckedNode } from '#engine/graph/check.ts';
import type { AnyNodeDefinition } from '#engine/node/any-node-definition.ts';
import { checkedGraph } from '#renderer/analysis/checked-graph.ts';
import type { OpenDocument } from '#renderer/workspace/open-document.ts';
import { sealStep } from '#renderer/workspace/workspace-store.ts';
import { ConfigSection } from '#renderer/inspector/sections/config-section.tsx';
import { CostSection } from '#renderer/inspector/sections/cost-section.tsx';
import { Explanation } from '#renderer/inspector/sections/explanation.tsx';
import { rawParams } from '#renderer/inspector/fields/form-layout.ts';
import { inferredValue } from '#renderer/inspector/fields/inferred-value.ts';
import { NodeHeading } from '#renderer/inspector/sections/node-heading.tsx';
import { ParamForm } from '#renderer/inspector/sections/param-form.tsx';
import { problemField } from '#renderer/inspector/fields/problem-field.ts';
import { PortsSection } from '#renderer/inspector/sections/ports-section.tsx';
import { ShownSection } from '#renderer/inspector/sections/shown-section.tsx';
import { ProblemLines } from '#renderer/inspector/fields/problem-lines.tsx';
import styles from '#renderer/inspector/sections/panel.module.css';

interface NodePanelProps {
  readonly open: OpenDocument;
  readonly node: CheckedNode;
  readonly definition: AnyNodeDefinition;
  /** Of this node. */
  readonly problems: readonly Problem[];
}

export function NodePanel({ open, node, definition, problems }: NodePanelProps) {
  const { document } = open;
  const checked = checkedGraph(document);
  const values = rawParams(node.node, definition);
  // What is typed into a field that goes away with its node is a step of its own all the same.
  useEffect(() => sealStep, []);
  const placed = problems.map((problem) => {
    const field = problemField(problem, definition.params, values);
    return { field, problem: field === null ? problem : { ...problem, param: field } };
  });
  const own = placed.filter(({ field }) => field === null).map(({ problem }) => problem);
  return (
    <div className={styles['panel']}>
      <NodeHeading documentId={open.id} node={node} />
      <Explanation about={definition.about} references={definition.references} />
      <ProblemLines problems={own} />
      <ParamForm
        open={open}
        nodes={[node.id]}
        declared={Object.entries(definition.params)}
        problems={placed.map(({ problem }) => problem)}
        inferredOf={(param) => inferredValue(node, param)}
      />
      {definition.fromConfig && !('weights' in definition.params) && (
        <ConfigSection key={node.id} open={open} node={node.id} />
      )}
      <ShownSection documentId={open.id} node={node.id} />
      <CostSection open={open} node={node} />
      <PortsSection documentId={open.id} document={document} checked={checked} node={node} />
    </div>
  );
}
