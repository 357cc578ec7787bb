/** What is published of a described machine, and where. */
import { useState } from 'react';
import type { DescribedMachine } from '#engine/contract/described-machine.ts';
import { Fold } from '#renderer/parts/fold.tsx';
import styles from './limits-panel.module.css';

export function MachineSources({ machine }: { readonly machine: DescribedMachine }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <div className={styles['section']}>
      <Fold title="What it is reckoned from" isOpen={isOpen} onOpenChange={setOpen}>
        <ul className={styles['list']}>
          {machine.notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
          {machine.sources.map(({ url, says, read }) => (
            <li key={url}>
              <a href={url} target="_blank" rel="noreferrer">
                {new URL(url).hostname}
              </a>
              {`: ${says}${read ? '' : ' (not read)'}`}
            </li>
          ))}
        </ul>
      </Fold>
    </div>
  );
}
