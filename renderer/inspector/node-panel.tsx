/** One node in full. */
import { useEffect } from 'react';
import type { Problem } from '#engine/contract/problem.ts';
import type { CheckedNode } from '#engine/graph/check.ts';
import type { AnyNodeDefinition } from '#engine/graph/node-definition.ts';
import { checkedGraph } from '#renderer/analysis/checked-graph.ts';
import type { OpenDocument } from '#renderer/workspace/open-document.ts';
import { sealStep } from '#renderer/workspace/workspace-store.ts';
import { CostSection } from './cost-section.tsx';
import { Explanation } from './explanation.tsx';
import { rawParams } from './form-layout.ts';
import { inferredValue } from './inferred-value.ts';
import { NodeHeading } from './node-heading.tsx';
import { ParamForm } from './param-form.tsx';
import { problemField } from './problem-field.ts';
import { PortsSection } from './ports-section.tsx';
import { ProblemLines } from './problem-lines.tsx';
import styles from './panel.module.css';

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
      <CostSection open={open} node={node} />
      <PortsSection document={document} checked={checked} node={node} />
    </div>
  );
}
