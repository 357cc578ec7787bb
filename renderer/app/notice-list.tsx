/** The messages at the lower edge of the canvas, or of the gallery, read aloud as they come. */
import { X } from 'lucide-react';
import type { CSSProperties } from 'react';
import { Button, IconButton } from '#renderer/parts/button.tsx';
import { useView, type PanelName } from '#renderer/view/view-store.ts';
import { useActiveDocument } from '#renderer/workspace/workspace-store.ts';
import { dismiss, useNotices } from '#renderer/notices/notices.ts';
import styles from './notice-list.module.css';

export function NoticeList() {
  const shown = useNotices();
  const place = usePlace();
  return (
    <div
      className={styles['notices']}
      style={place}
      role="status"
      aria-live="polite"
      aria-label="Messages"
    >
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

/** The toolbar of the canvas stays free. */
const toolbarPx = 48;

/** Over the canvas: figures, forms and the palette are read and used while messages come. */
function usePlace(): CSSProperties {
  const isDesk = useActiveDocument() !== null;
  const folded = useView((view) => view.folded);
  const panelPx = useView((view) => view.panelPx);
  const px = (name: PanelName): number => (isDesk && !folded[name] ? panelPx[name] : 0);
  return {
    left: px('palette'),
    right: px('inspector'),
    bottom: px('results') + (isDesk ? toolbarPx : 0),
  };
}
