/** A found node's title, and under it by which model or preset it was found. */
import type { FoundNode } from './search-nodes.ts';
import styles from './found-title.module.css';

export function FoundTitle({ found: { definition, by } }: { readonly found: FoundNode }) {
  return (
    <span className={styles['title']}>
      {definition.title}
      {by !== null && <span className={styles['by']}>{by}</span>}
    </span>
  );
}
