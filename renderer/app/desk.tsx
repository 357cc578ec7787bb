/** Four panes around the graph; each but the canvas folds, and their sizes are remembered. */
import type { ReactNode } from 'react';
import { Group, Panel, Separator } from 'react-resizable-panels';
import { resizePanel, useView, type PanelName } from '#renderer/view/view-store.ts';
import styles from './desk.module.css';

type DeskProps = Readonly<Record<PanelName | 'canvas', ReactNode>>;

const limitsPx = {
  palette: { minSize: 180, maxSize: 400 },
  inspector: { minSize: 260, maxSize: 560 },
  results: { minSize: 140, maxSize: '70%' },
} as const;

export function Desk({ palette, canvas, inspector, results }: DeskProps) {
  const folded = useView((view) => view.folded);
  return (
    <Group orientation="vertical" className={styles['desk']}>
      <Panel id="upper" minSize={200}>
        <Group orientation="horizontal">
          {!folded.palette && (
            <>
              <SidePanel name="palette">{palette}</SidePanel>
              <Separator className={styles['upright']} aria-label="Width of the palette" />
            </>
          )}
          <Panel id="canvas" minSize={320}>
            <section className={styles['canvas']} aria-label="Canvas">
              {canvas}
            </section>
          </Panel>
          {!folded.inspector && (
            <>
              <Separator className={styles['upright']} aria-label="Width of the inspector" />
              <SidePanel name="inspector">{inspector}</SidePanel>
            </>
          )}
        </Group>
      </Panel>
      {!folded.results && (
        <>
          <Separator className={styles['level']} aria-label="Height of the results" />
          <SidePanel name="results">{results}</SidePanel>
        </>
      )}
    </Group>
  );
}

const titles = { palette: 'Palette', inspector: 'Inspector', results: 'Results' } as const;

function SidePanel({ name, children }: { readonly name: PanelName; readonly children: ReactNode }) {
  const px = useView((view) => view.panelPx[name]);
  return (
    <Panel
      id={name}
      defaultSize={px}
      {...limitsPx[name]}
      groupResizeBehavior="preserve-pixel-size"
      onResize={({ inPixels }) => resizePanel(name, inPixels)}
    >
      <section className={styles['side']} aria-label={titles[name]}>
        {children}
      </section>
    </Panel>
  );
}
