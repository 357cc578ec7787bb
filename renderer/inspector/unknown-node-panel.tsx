/** A node that this version does not know: its parameters are shown as they are and never changed. */
import type { Problem } from '#engine/contract/problem.ts';
import type { CheckedNode } from '#engine/graph/check.ts';
import { checkedGraph } from '#renderer/analysis/checked-graph.ts';
import type { OpenDocument } from '#renderer/workspace/open-document.ts';
import { NodeHeading } from '#renderer/inspector/sections/node-heading.tsx';
import { PortsSection } from '#renderer/inspector/sections/ports-section.tsx';
import { ProblemLines } from '#renderer/inspector/fields/problem-lines.tsx';
import panelStyles from '#renderer/inspector/sections/panel.module.css';
import styles from './unknown-node-panel.module.css';

interface UnknownNodePanelProps {
  readonly open: OpenDocument;
  readonly node: CheckedNode;
  readonly problems: readonly Problem[];
}

export function UnknownNodePanel({ open, node, problems }: UnknownNodePanelProps) {
  const { document } = open;
  return (
    <div className={panelStyles['panel']}>
      <NodeHeading documentId={open.id} node={node} />
      <ProblemLines problems={problems} />
      <section className={panelStyles['section']} aria-label="Parameters">
        <h3 className={panelStyles['heading']}>Parameters, kept as they are</h3>
        {/* Long values scroll, and what scrolls must be reached by keyboard. */}
        <pre className={`numbers ${styles['json']}`} tabIndex={0} aria-label="Parameters as JSON">
          {JSON.stringify(node.node.params, null, 2)}
        </pre>
      </section>
      <PortsSection
        documentId={open.id}
        document={document}
        checked={checkedGraph(document)}
        node={node}
      />
    </div>
  );
}
