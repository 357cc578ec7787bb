/** A node type of the palette: dragged onto the canvas, or added by a click or Enter. */
import type { DragEvent } from 'react';
import { addNode, nodeDragType } from '#renderer/canvas/placing/add-node.ts';
import { Glyph } from '#renderer/parts/glyph.tsx';
import { Hint } from '#renderer/parts/hint.tsx';
import { FoundTitle } from './found-title.tsx';
import type { FoundNode } from './search-nodes.ts';
import type { Reached } from './reached.ts';
import styles from './palette.module.css';

interface PaletteRowProps extends Reached {
  readonly found: FoundNode;
}

export function PaletteRow({ found, isReachable, onReach }: PaletteRowProps) {
  const { type, family, about } = found.definition;
  const sentence = firstSentence(about);
  return (
    <li>
      <Hint text={sentence} side="right">
        <button
          type="button"
          className={styles['row']}
          aria-description={sentence}
          tabIndex={isReachable ? 0 : -1}
          draggable
          onFocus={onReach}
          onClick={() => addNode(type)}
          onDragStart={(event) => startDrag(event, type)}
        >
          <span className={styles['glyph']}>
            <Glyph family={family} />
          </span>
          <FoundTitle found={found} />
        </button>
      </Hint>
    </li>
  );
}

function startDrag(event: DragEvent<HTMLButtonElement>, type: string): void {
  event.dataTransfer.setData(nodeDragType, type);
  event.dataTransfer.effectAllowed = 'copy';
  const picture = document.createElement('div');
  picture.className = styles['drag'] ?? '';
  const [glyph, title] = event.currentTarget.children;
  picture.append(...[glyph, title].flatMap((part) => (part ? [part.cloneNode(true)] : [])));
  document.body.append(picture);
  event.dataTransfer.setDragImage(picture, 12, 16);
  // The browser has taken its picture by then.
  setTimeout(() => picture.remove(), 0);
}

function firstSentence(about: string): string {
  return /^.+?[.!?](?=\s|$)/s.exec(about)?.[0] ?? about;
}
