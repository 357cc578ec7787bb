/** The messages at the lower edge of the window, read aloud as they come. */
import { X } from 'lucide-react';
import { Button, IconButton } from '#renderer/parts/button.tsx';
import { dismiss, useNotices } from './notices.ts';
import styles from './notice-list.module.css';

export function NoticeList() {
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
