/** A titled part of a panel that opens and closes. */
import { Collapsible } from '@base-ui/react/collapsible';
import { ChevronRight } from 'lucide-react';
import type { ReactNode } from 'react';
import styles from './fold.module.css';

interface FoldProps {
  readonly title: string;
  /** Said beside the title, so that one need not open it to know. */
  readonly aside?: ReactNode;
  readonly isOpen: boolean;
  readonly onOpenChange: (isOpen: boolean) => void;
  readonly children: ReactNode;
}

export function Fold({ title, aside, isOpen, onOpenChange, children }: FoldProps) {
  return (
    <Collapsible.Root open={isOpen} onOpenChange={onOpenChange} className={styles['fold']}>
      <h3 className={styles['heading']}>
        <Collapsible.Trigger className={styles['trigger']}>
          <ChevronRight size={14} className={styles['icon']} aria-hidden />
          {title}
          {aside !== undefined && <span className={styles['aside']}>{aside}</span>}
        </Collapsible.Trigger>
      </h3>
      <Collapsible.Panel className={styles['panel']}>{children}</Collapsible.Panel>
    </Collapsible.Root>
  );
}
