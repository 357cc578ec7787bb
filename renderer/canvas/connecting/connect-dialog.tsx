/** Wires a port by keyboard: every port on the other side, those that fit first, the others with why not. */
import { nodeTitle } from '#engine/graph/node-title.ts';
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { checkedGraph } from '#renderer/analysis/checked-graph.ts';
import { Dialog } from '#renderer/parts/dialog.tsx';
import { Glyph } from '#renderer/parts/glyph.tsx';
import { closeOverlay, type Overlay } from '#renderer/overlay/overlay.ts';
import { useActiveDocument } from '#renderer/workspace/workspace-store.ts';
import { canvasView } from '#renderer/canvas/flow/canvas-view.ts';
import type { PortPlace } from '#renderer/canvas/card/port-place.ts';
import { connectChoices, type ConnectChoice } from './connect-choices.ts';
import { wireUp } from './connect-gestures.ts';
import { edgeBetween } from './connect-reason.ts';
import styles from './connect-dialog.module.css';

type ConnectDialogProps = Omit<Extract<Overlay, { kind: 'connect' }>, 'kind'>;

/** More are not read; the search narrows them down. */
const mostShown = 60;

export function ConnectDialog({ node, port, side }: ConnectDialogProps) {
  const open = useActiveDocument();
  const [search, setSearch] = useState('');
  const list = useRef<HTMLUListElement>(null);
  useFocusBack({ node, port, side });
  const checked = open && checkedGraph(open.document);
  const from = checked?.nodes[node];
  if (!checked || !from) return null;
  const start = { node, port, side };
  const choices = connectChoices(checked, start, search);
  const portTitle = from.definition?.[side][port]?.title ?? port;
  const choose = ({ place }: ConnectChoice): void => {
    closeOverlay();
    wireUp(edgeBetween(start, place), null);
  };
  const fitting = choices.filter(({ refusal }) => refusal === null);
  return (
    <Dialog
      title={side === 'outputs' ? `Connect ${portTitle} to` : `Connect ${portTitle} from`}
      about={`${side === 'outputs' ? 'Output' : 'Input'} of ${nodeTitle(from)}`}
      onClose={closeOverlay}
      width={480}
    >
      <div onKeyDown={(event) => walk(event, list.current)}>
        <input
          className={styles['search']}
          type="text"
          autoFocus
          aria-label="Search ports"
          placeholder="Search ports"
          autoComplete="off"
          spellCheck={false}
          value={search}
          onChange={({ target }) => setSearch(target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || !fitting[0]) return;
            // The rest of this press would be the port's, which has the focus again by then.
            event.preventDefault();
            choose(fitting[0]);
          }}
        />
        {fitting.length === 0 && (
          <p className={styles['none']}>
            {search === ''
              ? 'No port of this graph fits; add a node that does.'
              : 'No port of this name fits.'}
          </p>
        )}
        <ul ref={list} className={styles['list']}>
          {choices.slice(0, mostShown).map((choice) => (
            <li key={`${choice.place.node}.${choice.place.port}`}>
              <Choice choice={choice} onChoose={() => choose(choice)} />
            </li>
          ))}
        </ul>
        {choices.length > mostShown && (
          <p className={styles['none']}>{choices.length - mostShown} more; search to find them.</p>
        )}
      </div>
    </Dialog>
  );
}

interface ChoiceProps {
  readonly choice: ConnectChoice;
  readonly onChoose: () => void;
}

function Choice({ choice, onChoose }: ChoiceProps) {
  const { family, title, portTitle, carries, replaces, refusal } = choice;
  const about =
    refusal?.message ?? (replaces ? 'Takes the place of the wire that is there.' : carries);
  return (
    <button
      type="button"
      className={styles['choice']}
      // Still reached by keyboard, so that the reason can be read.
      aria-disabled={refusal !== null || undefined}
      onClick={() => refusal === null && onChoose()}
    >
      <Glyph family={family} />
      <span className={styles['words']}>
        <span>
          {title} <span className={styles['port']}>· {portTitle}</span>
        </span>
        {about !== null && <span className={styles['about']}>{about}</span>}
      </span>
    </button>
  );
}

/** Up and down walk from the search over the ports and back. */
function walk(event: KeyboardEvent<HTMLDivElement>, list: HTMLUListElement | null): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  const stops = [
    ...event.currentTarget.querySelectorAll<HTMLElement>('input'),
    ...(list?.querySelectorAll<HTMLElement>('button') ?? []),
  ];
  const here = stops.findIndex((stop) => stop === document.activeElement);
  stops[Math.min(stops.length - 1, Math.max(0, here + step))]?.focus();
}

/** Once the dialog is gone, the port that it was opened from has the focus again. */
function useFocusBack({ node, port, side }: PortPlace): void {
  useEffect(
    () => () => {
      const type = side === 'inputs' ? 'target' : 'source';
      const handle = `.${type}[data-nodeid="${node}"][data-handleid="${port}"]`;
      requestAnimationFrame(() => {
        const { element } = canvasView.getState();
        element?.querySelector<HTMLElement>(`${handle} button`)?.focus({ preventScroll: true });
      });
    },
    [node, port, side],
  );
}
