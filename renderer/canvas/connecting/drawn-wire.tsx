/** The wire that is being drawn, and at the pointer what it carries, or why it may not end here. */
import { getBezierPath, useConnection, type ConnectionLineComponentProps } from '@xyflow/react';
import { useMemo } from 'react';
import { useStore } from 'zustand';
import type { Problem } from '#engine/contract/problem.ts';
import { wireAt } from '#engine/graph/check.ts';
import { describeWire, wireKinds } from '#engine/node/wire.ts';
import { catalogue } from '#nodes/index.ts';
import type { CardNode } from '#renderer/canvas/card/card-node.ts';
import { familyStyle } from '#renderer/parts/family-style.ts';
import type { PortPlace } from '#renderer/canvas/card/port-place.ts';
import { wireWidthPx } from '#renderer/canvas/wire/shape-text.ts';
import { wireLook } from '#renderer/canvas/wire/wire.tsx';
import { connectEdits, consequence, edgeBetween } from './connect-reason.ts';
import { connecting, type Connecting } from './connecting.ts';
import styles from './drawn-wire.module.css';

/** The node that gives, and what it gives: the start of the gesture, or the other end of a wire that is moved. */
function carried({ checked, start }: Connecting) {
  const { node, port, side } = start;
  const at = checked.nodes[node];
  const kind = at?.definition?.[side][port]?.kind ?? null;
  const wire = (at && wireAt(at, side, port)) ?? null;
  return { family: at?.definition?.family ?? null, kind, wire };
}

export function DrawnWire(props: ConnectionLineComponentProps<CardNode>) {
  const { fromX, fromY, toX, toY, fromPosition, toPosition, connectionStatus } = props;
  const now = useStore(connecting, (gesture) => gesture.now);
  if (!now) return null;
  const { family, kind, wire } = carried(now);
  const [path] = getBezierPath({
    sourceX: fromX,
    sourceY: fromY,
    sourcePosition: fromPosition,
    targetX: toX,
    targetY: toY,
    targetPosition: toPosition,
  });
  return (
    <path
      d={path}
      className={styles['path']}
      data-look={wireLook(kind)}
      data-refused={connectionStatus === 'invalid' || undefined}
      style={{ ...familyStyle(family), strokeWidth: wireWidthPx(wire) }}
    />
  );
}

/** Away from the pointer, so that it does not hide the port. */
const asidePx = 14;

export function DrawnWireHint() {
  const now = useStore(connecting, (gesture) => gesture.now);
  return now && <PointerHint now={now} />;
}

function PointerHint({ now }: { readonly now: Connecting }) {
  const { inProgress, pointer, toHandle } = useConnection();
  const end: PortPlace | null = toHandle && {
    node: toHandle.nodeId,
    port: toHandle.id ?? '',
    side: toHandle.type === 'target' ? 'inputs' : 'outputs',
  };
  const problem = useMemo(() => problemAt(now, end), [now, end?.node, end?.port, end?.side]);
  if (!inProgress) return null;
  const { kind, wire } = carried(now);
  const what = wire ? describeWire(wire) : kind && wireKinds[kind].title;
  return (
    <div
      className={styles['hint']}
      data-severity={problem?.severity}
      style={{ transform: `translate(${pointer.x + asidePx}px, ${pointer.y + asidePx}px)` }}
    >
      {problem?.message ?? what}
    </div>
  );
}

/** A refusal, or what would be wrong once the wire is there: that is said, and may be wired all the same. */
function problemAt(now: Connecting, end: PortPlace | null): Problem | null {
  if (!end) return null;
  const refusal = now.reasonAt(end);
  if (refusal) return refusal;
  const edits = connectEdits(now.checked, edgeBetween(now.start, end), now.moved);
  const follows = consequence(now.checked, edits, catalogue);
  return follows && { ...follows, severity: 'warning' };
}
