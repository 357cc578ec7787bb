/** A stage as a row begins with it: its family's sign, its title, and the way to its node. */
import { catalogue } from '#nodes/index.ts';
import type { StageFacts } from '#engine/contract/run-event.ts';
import type { Family } from '#engine/node/node-definition.ts';
import { focusNode } from '#renderer/canvas/flow/focus-node.ts';
import { Glyph } from '#renderer/parts/glyph.tsx';
import { LongName } from '#renderer/parts/long-name.tsx';
import styles from './stage-name.module.css';

interface StageNameProps {
  readonly node: string;
  readonly type: string;
  readonly title: string;
  readonly phase: StageFacts['phase'];
  /** Is the node in the graph at the front? */
  readonly isThere: boolean;
}

export function StageName({ node, type, title, phase, isThere }: StageNameProps) {
  const words = (
    <>
      <Glyph family={familyOf(type)} />
      <LongName name={title} />
      {phase !== null && <span className={styles['phase']}>· {phase}</span>}
    </>
  );
  if (!isThere) return <span className={styles['name']}>{words}</span>;
  return (
    <button
      type="button"
      className={`${styles['name']} ${styles['button']}`}
      onClick={() => focusNode(node)}
    >
      {words}
    </button>
  );
}

export const familyOf = (type: string): Family | null =>
  Object.hasOwn(catalogue, type)
    ? (catalogue[type as keyof typeof catalogue]?.family ?? null)
    : null;

/** The hue of a stage's bar. */
export function hueOf(type: string): string {
  const family = familyOf(type);
  return family === null ? 'var(--third-ink)' : `var(--${family})`;
}
