/** A dialog over the window: titled, closed by Escape, focus kept inside and given back. */
import { Dialog as Base } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import { useRef, type ReactNode } from 'react';
import { IconButton } from './button.tsx';
import { useFocusBefore } from './focus-before.ts';
import styles from './dialog.module.css';

interface DialogProps {
  readonly title: string;
  /** One sentence under the title. */
  readonly about?: ReactNode;
  readonly onClose: () => void;
  readonly children: ReactNode;
  /** Buttons at the lower edge. */
  readonly foot?: ReactNode;
  readonly width?: number;
}

export function Dialog({ title, about, onClose, children, foot, width = 560 }: DialogProps) {
  const body = useRef<HTMLDivElement>(null);
  const focusBefore = useFocusBefore();
  const beginning = (): HTMLElement | null =>
    body.current?.querySelector<HTMLElement>('input, textarea, select, button, [tabindex="0"]') ??
    body.current;
  return (
    <Base.Root open onOpenChange={(open) => !open && onClose()}>
      <Base.Portal>
        <Base.Backdrop className={styles['scrim']} />
        <Base.Popup
          className={styles['dialog']}
          style={{ width }}
          initialFocus={beginning}
          finalFocus={focusBefore}
        >
          <header className={styles['head']}>
            <Base.Title className={styles['title']}>{title}</Base.Title>
            <Base.Close render={<IconButton icon={<X size={16} />} label="Close" />} />
          </header>
          {about !== undefined && (
            <Base.Description className={styles['about']}>{about}</Base.Description>
          )}
          <div ref={body} tabIndex={-1} className={styles['body']}>
            {children}
          </div>
          {foot !== undefined && <footer className={styles['foot']}>{foot}</footer>}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
