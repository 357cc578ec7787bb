/** Zoom, fit, layout and overview, at the lower edge of the canvas. */
import { Map as MapIcon, Maximize, Minus, Network, Plus } from 'lucide-react';
import { memo } from 'react';
import { runCommand, titleWithKeys } from '#renderer/commands/commands.ts';
import { IconButton } from '#renderer/parts/button.tsx';
import { canvasView, useCanvasView } from '#renderer/canvas/flow/canvas-view.ts';
import styles from './toolbar.module.css';

const buttons = [
  { command: 'view.zoom-out', icon: <Minus size={15} /> },
  { command: 'view.zoom-in', icon: <Plus size={15} /> },
  { command: 'view.fit', icon: <Maximize size={14} /> },
  { command: 'edit.auto-layout', icon: <Network size={15} /> },
] as const;

/** Drawn again only for its own sake, not with every card that is dragged. */
export const Toolbar = memo(() => {
  const hasMinimap = useCanvasView((view) => view.hasMinimap);
  return (
    <div className={styles['toolbar']} role="toolbar" aria-label="View of the canvas">
      {buttons.map(({ command, icon }) => (
        <IconButton
          key={command}
          icon={icon}
          label={titleWithKeys(command)}
          onClick={() => runCommand(command)}
        />
      ))}
      <IconButton
        icon={<MapIcon size={15} />}
        label="Overview"
        pressed={hasMinimap}
        onClick={() => canvasView.setState({ hasMinimap: !hasMinimap })}
      />
    </div>
  );
});
