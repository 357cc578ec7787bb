/** The whole graph in small, where the person wants to see it. */
import { MiniMap } from '@xyflow/react';
import { useCanvasView } from '#renderer/canvas/flow/canvas-view.ts';
import type { CardNode } from '#renderer/canvas/card/card-node.ts';
import styles from './minimap.module.css';

export function Minimap() {
  const isShown = useCanvasView((view) => view.hasMinimap);
  if (!isShown) return null;
  return (
    <MiniMap<CardNode>
      className={styles['minimap'] ?? ''}
      position="bottom-right"
      pannable
      zoomable
      nodeColor={colourOf}
      nodeBorderRadius={12}
      ariaLabel="Overview of the graph"
    />
  );
}

function colourOf({ data: { model } }: CardNode): string {
  return model.family === null ? 'var(--third-ink)' : `var(--${model.family})`;
}
