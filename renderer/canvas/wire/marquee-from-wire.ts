/** Wires are thin and many: what is pressed there is a click on the wire until it moves, and then a marquee. */
import type { PointerEvent as ReactPointerEvent } from 'react';

/** A hand that clicks moves less than this. */
const clickPx = 4;

/** React Flow begins a marquee only on its bare pane, so the pane is told of a press where the pointer went down. */
export function marqueeFromWire({ nativeEvent: press }: ReactPointerEvent): void {
  const { target, button, pointerType, pointerId, clientX, clientY } = press;
  if (!(target instanceof Element) || button !== 0 || pointerType === 'touch') return;
  const isWire = target.closest('.react-flow__edge') && !target.closest('.react-flow__edgeupdater');
  const pane = target.closest('.react-flow__pane');
  if (!isWire || !pane) return;
  const end = new AbortController();
  const follow = (move: PointerEvent): void => {
    if (Math.hypot(move.clientX - clientX, move.clientY - clientY) < clickPx) return;
    end.abort();
    pane.dispatchEvent(
      new PointerEvent('pointerdown', {
        bubbles: true,
        isPrimary: true,
        button,
        buttons: 1,
        pointerType,
        pointerId,
        clientX,
        clientY,
      }),
    );
  };
  const { signal } = end;
  window.addEventListener('pointermove', follow, { signal });
  for (const over of ['pointerup', 'pointercancel'])
    window.addEventListener(over, () => end.abort(), { signal });
}
