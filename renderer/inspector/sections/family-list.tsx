/** Families and how many nodes each has. */
import { families } from '#engine/node/node-definition.ts';
import { Glyph } from '#renderer/parts/glyph.tsx';
import type { FamilyCount } from './count-families.ts';
import styles from './family-list.module.css';

export function FamilyList({ counts }: { readonly counts: readonly FamilyCount[] }) {
  return (
    <ul>
      {counts.map(({ family, count }) => (
        <li key={family ?? 'unknown'} className={styles['family']}>
          <Glyph family={family} />
          <span>{family === null ? 'Unknown' : families[family].title}</span>
          <span className={`numbers ${styles['count']}`}>{count}</span>
        </li>
      ))}
    </ul>
  );
}
