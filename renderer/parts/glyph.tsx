/** The sign of a family: told apart by hue and by shape. */
import { families, type Family } from '#engine/node/node-definition.ts';
import styles from './glyph.module.css';

export function Glyph({ family }: { readonly family: Family | null }) {
  const shape = family === null ? 'unknown' : families[family].glyph;
  return (
    <span
      aria-hidden
      className={`${styles['glyph']} ${styles[shape]}`}
      style={{ background: family === null ? undefined : `var(--${family})` }}
    />
  );
}
