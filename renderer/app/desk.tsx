/** Four panes around the graph; each but the canvas folds, and their sizes are remembered. */
import { PanelBottomOpen, PanelLeftOpen, PanelRightOpen } from 'lucide-react';
import type { PointerEvent, ReactNode } from 'react';
import { Group, Panel, Separator } from 'react-resizable-panels';
import { titleWithKeys } from '#renderer/commands/commands.ts';
import { Hint } from '#renderer/parts/hint.tsx';
import { resizePanel, toggleFolded, useView, type PanelName } from '#renderer/view/view-store.ts';
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
    <div className={styles['desk']}>
      <Group orientation="vertical" className={styles['rows']}>
        <Panel id="upper" minSize={200} className={styles['upper']}>
          {folded.palette && <FoldedEdge name="palette" />}
          <Group orientation="horizontal" className={styles['columns']}>
            {!folded.palette && (
              <>
                <SidePanel name="palette">{palette}</SidePanel>
                <Divider look="upright" label="Width of the palette" />
              </>
            )}
            <Panel id="canvas" minSize={320}>
              <section className={styles['canvas']} aria-label="Canvas">
                {canvas}
              </section>
            </Panel>
            {!folded.inspector && (
              <>
                <Divider look="upright" label="Width of the inspector" />
                <SidePanel name="inspector">{inspector}</SidePanel>
              </>
            )}
          </Group>
          {folded.inspector && <FoldedEdge name="inspector" />}
        </Panel>
        {!folded.results && (
          <>
            <Divider look="level" label="Height of the results" />
            <SidePanel name="results">{results}</SidePanel>
          </>
        )}
      </Group>
      {folded.results && <FoldedEdge name="results" />}
    </div>
  );
}

/** What is left to be seen of a folded panel, and brings it back. */
function FoldedEdge({ name }: { readonly name: PanelName }) {
  const { icon, side } = edges[name];
  return (
    <Hint text={titleWithKeys(`view.${name}`)} side={side}>
      <button
        type="button"
        className={styles['edge']}
        data-side={side}
        aria-label={`Show the ${name}`}
        onClick={() => toggleFolded(name)}
      >
        {icon}
        {name === 'results' && titles[name]}
      </button>
    </Hint>
  );
}

/** On which side of what folds the hint has room. */
const edges = {
  palette: { icon: <PanelLeftOpen size={15} aria-hidden />, side: 'right' },
  inspector: { icon: <PanelRightOpen size={15} aria-hidden />, side: 'left' },
  results: { icon: <PanelBottomOpen size={15} aria-hidden />, side: 'top' },
} as const;

interface DividerProps {
  readonly look: 'upright' | 'level';
  readonly label: string;
}

function Divider({ look, label }: DividerProps) {
  return <Separator className={styles[look]} aria-label={label} onPointerDown={letGoAfterDrag} />;
}

/** The focus would stay on a divider that was dragged, and come back to it after every dialog. */
function letGoAfterDrag({ currentTarget }: PointerEvent<HTMLElement>): void {
  window.addEventListener('pointerup', () => currentTarget.blur(), { once: true });
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
