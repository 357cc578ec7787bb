/** What would make a graph fit that does not: reckoned beside the page, as every change is an estimate of its own. */
import { useEffect, useState } from 'react';
import type { GraphDocument } from '#engine/contract/document.ts';
import { formatBytes } from '#engine/contract/format.ts';
import type { MemoryChange } from '#engine/estimate/memory-fit.ts';
import { askMemoryChanges } from '#renderer/analysis/memory-changes.ts';
import styles from './limits-panel.module.css';

interface MemoryChangesProps {
  readonly document: GraphDocument;
  readonly memoryBytes: number;
}

export function MemoryChanges({ document, memoryBytes }: MemoryChangesProps) {
  const [changes, setChanges] = useState<readonly MemoryChange[]>([]);
  useEffect(() => askMemoryChanges({ document, memoryBytes }, setChanges), [document, memoryBytes]);
  if (changes.length === 0) return null;
  return (
    <ul className={styles['list']} aria-label="What would save memory">
      {changes.map(({ title, savedBytes, fits }) => (
        <li key={title} className={styles['change']}>
          <span>{title}</span>
          <span className={`numbers ${fits ? styles['fits'] : ''}`}>
            {`−${formatBytes(savedBytes)}${fits ? ', fits' : ''}`}
          </span>
        </li>
      ))}
    </ul>
  );
}
