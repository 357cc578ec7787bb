/** The messages at the lower edge of the window, read aloud as they come. */
import { X } from 'lucide-react';
import { dismiss, useNotices } from '#renderer/view/notices.ts';
import { Button, IconButton } from './button.tsx';
import styles from './notices.module.css';

export function Notices() {
  const shown = useNotices();
  return (
    <div className={styles['notices']} role="status" aria-live="polite" aria-label="Messages">
      {shown.map(({ id, kind, text, action }) => (
        <div key={id} className={`${styles['notice']} ${styles[kind]}`}>
          <p className={styles['text']}>{text}</p>
          {action && (
            <Button
              weight="quiet"
              onClick={() => {
                dismiss(id);
                action.run();
              }}
            >
              {action.title}
            </Button>
          )}
          <IconButton icon={<X size={14} />} label="Put away" onClick={() => dismiss(id)} />
        </div>
      ))}
    </div>
  );
}
