/** A wire: coloured by what gives, wider for more tokens, with the count riding on it. */
import {
  BaseEdge,
  EdgeLabelRenderer,
  useStoreApi,
  type EdgeProps,
  type ReactFlowState,
} from '@xyflow/react';
import { TriangleAlert } from 'lucide-react';
import { memo } from 'react';
import type { Problem } from '#engine/contract/problem.ts';
import { wireKinds, type WireKind } from '#engine/node/wire.ts';
import { Hint } from '#renderer/parts/hint.tsx';
import { familyStyle } from '#renderer/parts/family-style.ts';
import type { WireEdge } from './wire-edge.ts';
import type { WireModel } from './wire-model.ts';
import { goesBack, wirePath, type Extent, type WirePath } from './wire-path.ts';
import styles from './wire.module.css';

export const Wire = memo((props: EdgeProps<WireEdge>) => {
  const { data, selected = false, source, target } = props;
  const from = { x: props.sourceX, y: props.sourceY };
  const to = { x: props.targetX, y: props.targetY };
  const store = useStoreApi();
  if (!data) return null;
  const { model } = data;
  const state = store.getState();
  const cards = goesBack(from, to)
    ? { giver: extentOf(state, source), taker: extentOf(state, target) }
    : null;
  const line = wirePath(from, to, cards);
  return (
    <g
      className={styles['wire']}
      data-look={wireLook(model.kind)}
      data-wrong={model.problem?.severity}
      data-selected={selected || undefined}
      style={familyStyle(model.family)}
    >
      <BaseEdge
        path={line.path}
        className={styles['path'] ?? ''}
        style={{ strokeWidth: model.widthPx }}
        interactionWidth={16}
      />
      {model.problem ? (
        <WireProblem problem={model.problem} line={line} />
      ) : (
        <WireText model={model} line={line} />
      )}
    </g>
  );
});

/** Text is dashed, answers dotted. */
export function wireLook(kind: WireKind | null): 'plain' | 'text' | 'answer' | 'part' {
  if (kind === 'text' || kind === 'answer') return kind;
  return kind !== null && wireKinds[kind].part ? 'part' : 'plain';
}

/** Width of a sign of the label's type, in pixels. */
const signPx = 6.4;

interface WireTextProps {
  readonly model: WireModel;
  readonly line: WirePath;
}

function WireText({ model, line }: WireTextProps) {
  const { text, shortText, widthPx } = model;
  const { middle, isLevel, top, descends, room } = line;
  const fits = text !== null && text.length * signPx < room - 8;
  const shown = fits ? text : shortText;
  if (shown === null) return null;
  // A steep wire would run through its label; on the side of the giver there is room, where the curve has left it.
  return (
    <text
      className={styles['text']}
      x={isLevel ? middle.x : middle.x - widthPx / 2 - 3}
      y={isLevel ? top - widthPx / 2 - 6 : middle.y + (descends ? 14 : -6)}
      textAnchor={isLevel ? 'middle' : 'end'}
    >
      {shown}
    </text>
  );
}

interface WireProblemProps {
  readonly problem: Problem;
  readonly line: WirePath;
}

function WireProblem({ problem: { message, severity }, line: { middle } }: WireProblemProps) {
  return (
    <EdgeLabelRenderer>
      <Hint text={message} side="top">
        <button
          type="button"
          className={`nodrag nopan ${styles['problem']}`}
          data-severity={severity}
          aria-label={message}
          style={{ transform: `translate(-50%, -50%) translate(${middle.x}px, ${middle.y}px)` }}
        >
          <TriangleAlert size={13} aria-hidden />
        </button>
      </Hint>
    </EdgeLabelRenderer>
  );
}

/** Upper and lower edge of a card as it is now; a wire is drawn again whenever one of its cards moves. */
function extentOf({ nodeLookup }: ReactFlowState, id: string): Extent {
  const node = nodeLookup.get(id);
  const top = node?.internals.positionAbsolute.y ?? 0;
  return { top, bottom: top + (node?.measured.height ?? 0) };
}
