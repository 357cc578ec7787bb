/** Words that lead to a node on the canvas. */
import type { ReactNode } from 'react';
import { focusNode } from '#renderer/canvas/flow/focus-node.ts';
import styles from './node-link.module.css';

interface NodeLinkProps {
  readonly id: string;
  readonly children: ReactNode;
  readonly className?: string;
}

export function NodeLink({ id, children, className = '' }: NodeLinkProps) {
  return (
    <button
      type="button"
      className={`${styles['link']} ${className}`}
      onClick={() => focusNode(id)}
    >
      {children}
    </button>
  );
}
