/** What an empty canvas says: how to begin. */
import { Button } from '#renderer/parts/button.tsx';
import { activate } from '#renderer/workspace/workspace-store.ts';
import styles from './empty-hint.module.css';

export function EmptyHint() {
  return (
    <div className={styles['hint']}>
      <Sketch />
      <h2 className={styles['title']}>Nothing is wired yet</h2>
      <p className={styles['words']}>
        Drag a node here from the palette, or press <kbd className={styles['key']}>/</kbd> and type
        its name.
      </p>
      <Button className={styles['button'] ?? ''} onClick={() => activate(null)}>
        Start from a preset
      </Button>
    </div>
  );
}

/** Three cards and two wires, in outline. */
function Sketch() {
  return (
    <svg className={styles['sketch']} viewBox="0 0 220 64" width="220" height="64" aria-hidden>
      <path d="M57 24 C80 24 66 36 82 36 M138 36 C158 36 144 22 163 22" />
      <rect x="1" y="8" width="56" height="34" rx="6" />
      <rect x="82" y="18" width="56" height="40" rx="6" />
      <rect x="163" y="4" width="56" height="44" rx="6" />
    </svg>
  );
}
