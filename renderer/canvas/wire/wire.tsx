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
import type { WireCourse } from './wire-course.ts';
import { goesBack, type Extent } from '#engine/graph/wire-lane.ts';
import { wirePath, type WirePath } from './wire-path.ts';
import styles from './wire.module.css';

export const Wire = memo((props: EdgeProps<WireEdge>) => {
  const { data, selected = false, source, target } = props;
  const from = { x: props.sourceX, y: props.sourceY };
  const to = { x: props.targetX, y: props.targetY };
  const store = useStoreApi();
  if (!data) return null;
  const { model, course } = data;
  const state = store.getState();
  const cards = goesBack(from, to)
    ? { giver: extentOf(state, source), taker: extentOf(state, target) }
    : null;
  const line = wirePath(from, to, model.widthPx, cards, course.detour);
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
        <WireText course={course} line={line} />
      )}
    </g>
  );
});

/** Text is dashed, answers dotted. */
export function wireLook(kind: WireKind | null): 'plain' | 'text' | 'answer' | 'part' {
  if (kind === 'text' || kind === 'answer') return kind;
  return kind !== null && wireKinds[kind].part ? 'part' : 'plain';
}

interface WireTextProps {
  readonly course: WireCourse;
  readonly line: WirePath;
}

function WireText({ course: { label }, line: { spots } }: WireTextProps) {
  // While a card is dragged about, a wire may come to lead the other way, and has other spots then.
  const spot = label && (spots[label.spot] ?? spots[0]);
  if (!spot) return null;
  return (
    <text className={styles['text']} x={spot.x} y={spot.y} textAnchor={spot.anchor}>
      {label.text}
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
