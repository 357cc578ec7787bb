/** A port on a card's edge: dragged from by pointer, pressed by keyboard to choose the other end. */
import { Handle, Position } from '@xyflow/react';
import { useContext, type KeyboardEvent } from 'react';
import { showOverlay } from '#renderer/overlay/overlay.ts';
import { cardBorderPx, portDotPx, type PlacedPort } from './card-geometry.ts';
import { FarContext } from './card-context.ts';
import { usePortLight } from './port-light.ts';
import styles from './card-port.module.css';

interface CardPortProps extends PlacedPort {
  readonly node: string;
}

/** From the inner edge of the card's border to the corner of a dot whose middle lies on the outer edge. */
const middlePx = portDotPx / 2 + cardBorderPx;

export function CardPort({ node, port, side, y, isHidden }: CardPortProps) {
  const isFar = useContext(FarContext);
  const light = usePortLight({ node, port: port.name, side: port.side });
  return (
    <Handle
      id={port.name}
      type={port.side === 'inputs' ? 'target' : 'source'}
      position={side === 'left' ? Position.Left : Position.Right}
      className={styles['port'] ?? ''}
      style={{ top: y - middlePx, [side]: -middlePx }}
      data-light={light}
      data-wired={port.isWired || undefined}
      data-hidden={isHidden || undefined}
      data-unknown={port.kind === null || undefined}
    >
      {!isFar && (
        <button
          type="button"
          className={styles['button']}
          aria-label={port.label}
          onClick={(event) => {
            event.stopPropagation();
            showOverlay({ kind: 'connect', node, port: port.name, side: port.side });
          }}
          onKeyDown={keepFromCard}
        />
      )}
    </Handle>
  );
}

/** Enter and Space press the port; they would select the card as well. */
function keepFromCard(event: KeyboardEvent): void {
  if (event.key === 'Enter' || event.key === ' ') event.stopPropagation();
}
