/** The ports of a node, what flows there, and the way to the nodes at the other ends. */
import { ArrowDownLeft, ArrowUpRight } from 'lucide-react';
import type { GraphDocument } from '#engine/contract/document.ts';
import type { CheckedGraph, CheckedNode } from '#engine/graph/check.ts';
import { nodeTitle } from '#engine/graph/node-title.ts';
import { focusNode } from '#renderer/canvas/flow/focus-node.ts';
import { Glyph } from '#renderer/parts/glyph.tsx';
import { LongName } from '#renderer/parts/long-name.tsx';
import { ownRun, useRuns } from '#renderer/runs/run-store.ts';
import { nodePorts, type PortRow } from './node-ports.ts';
import panelStyles from './panel.module.css';
import styles from './ports-section.module.css';

interface PortsProps {
  readonly documentId: string;
  readonly document: GraphDocument;
  readonly checked: CheckedGraph;
  readonly node: CheckedNode;
}

export function PortsSection({ documentId, document, checked, node }: PortsProps) {
  const report = useRuns((runs) => ownRun(runs, documentId)?.report ?? null);
  const rows = nodePorts(document, node, report);
  if (rows.length === 0) return null;
  return (
    <section className={panelStyles['section']} aria-label="Ports">
      <h3 className={panelStyles['heading']}>Ports</h3>
      <ul className={styles['ports']}>
        {rows.map((row) => (
          <Port key={`${row.side}.${row.port}`} row={row} checked={checked} />
        ))}
      </ul>
    </section>
  );
}

function Port({ row, checked }: { readonly row: PortRow; readonly checked: CheckedGraph }) {
  const { side, title, shape, measuredTokens, neighbours, isOptional } = row;
  const isInput = side === 'input';
  return (
    <li className={styles['port']}>
      <div className={styles['head']}>
        <span role="img" aria-label={side} className={styles['side']}>
          {isInput ? <ArrowDownLeft size={13} /> : <ArrowUpRight size={13} />}
        </span>
        <span className={styles['title']}>{title}</span>
        {neighbours.length === 0 && (
          <span className={styles['none']}>{isOptional ? 'not wired' : 'needs a wire'}</span>
        )}
      </div>
      {shape !== null && <p className={`numbers ${styles['shape']}`}>{shape}</p>}
      {measuredTokens !== null && (
        <p className={`numbers ${styles['measured']}`}>
          {measuredTokens} {measuredTokens === 1 ? 'token' : 'tokens'} measured
        </p>
      )}
      {neighbours.map((id, place) => (
        <Neighbour key={`${id}-${place}`} node={checked.nodes[id]} id={id} isInput={isInput} />
      ))}
    </li>
  );
}

interface NeighbourProps {
  /** Missing where a wire ends at a node that is not there. */
  readonly node: CheckedNode | undefined;
  readonly id: string;
  readonly isInput: boolean;
}

function Neighbour({ node, id, isInput }: NeighbourProps) {
  if (!node) return <p className={styles['ghost']}>{id}, which is not in the graph</p>;
  const title = nodeTitle(node);
  return (
    <button
      type="button"
      className={styles['neighbour']}
      aria-label={`${isInput ? 'From' : 'To'} ${title}`}
      onClick={() => focusNode(id)}
    >
      <Glyph family={node.definition?.family ?? null} />
      <LongName name={title} />
    </button>
  );
}
