/** A node on the canvas, as LOOK.md draws it: head, parts, ports, and what it costs. */
import type { NodeProps } from '@xyflow/react';
import { memo, useContext } from 'react';
import { Glyph } from '#renderer/parts/glyph.tsx';
import { Hint } from '#renderer/parts/hint.tsx';
import { LongName } from '#renderer/parts/long-name.tsx';
import { familyStyle } from '#renderer/parts/family-style.ts';
import { CardBodyView } from './card-body.tsx';
import { FarContext, useCardContext } from './card-context.ts';
import { CardFoot } from './card-foot.tsx';
import { rowPx, socketHeightPx } from './card-geometry.ts';
import type { SocketModel } from './card-content.ts';
import type { CardModel } from './card-model.ts';
import type { CardNode } from './card-node.ts';
import { CardPort } from './card-port.tsx';
import { CardProblem } from './card-problem.tsx';
import type { CardRun } from './card-run.ts';
import { usePictureSize } from './picture-size.ts';
import { useCardRun } from './use-card-run.ts';
import styles from './card.module.css';

/** Roughly the width of a letter and of a figure on a card, and what a row has room for, in pixels. */
const letterPx = 6.1;
const signPx = 6.9;
const rowRoomPx = 178;

/** React Flow gives a card its place and its selection too; the frame around it shows both. */
export const Card = memo(
  ({ data: { model } }: NodeProps<CardNode>) => <CardView model={model} />,
  (before, now) => before.data.model === now.data.model,
);

function CardView({ model }: { readonly model: CardModel }) {
  const { id, family, problem } = model;
  const isFar = useContext(FarContext);
  const { documentId } = useCardContext();
  const run = useCardRun(documentId, id);
  const wrong = run.failure === null ? problem?.severity : 'error';
  return (
    <div
      className={styles['card']}
      data-wrong={wrong}
      data-going={run.isGoing || undefined}
      style={familyStyle(family)}
    >
      <CardHead model={model} run={run} />
      {!isFar && <CardInside model={model} run={run} />}
      {model.geometry.ports.map((placed) => (
        <CardPort key={`${placed.port.side}.${placed.port.name}`} node={id} {...placed} />
      ))}
    </div>
  );
}

function CardInside({ model, run }: { readonly model: CardModel; readonly run: CardRun }) {
  const { summary, parameters, body, sockets, rows, foot, problem } = model;
  return (
    <>
      {summary !== null && (
        <p className={styles['summary']} style={{ height: rowPx.summary }}>
          <LongName name={summary} />
          {parameters !== null && <span className="numbers">{parameters}</span>}
          {body?.kind === 'picture' && run.foot && (
            <span className="numbers">{run.foot.lines[0]?.[0]}</span>
          )}
        </p>
      )}
      {body && <CardBodyView body={body} />}
      {sockets.map((socket) => (
        <Socket key={socket.port.name} socket={socket} />
      ))}
      {sockets.length > 0 && <div style={{ height: rowPx.afterSockets }} />}
      {rows.map(({ input, output }) => (
        <div
          key={input?.name ?? output?.name}
          className={styles['ports']}
          style={{ height: rowPx.port }}
        >
          <PortRow input={input} output={output} />
        </div>
      ))}
      {foot !== 'none' && <CardFoot model={model} run={run} />}
      {problem && <CardProblem problem={problem} />}
    </>
  );
}

type Row = CardModel['rows'][number];

/** What a row's output gives, or else what its input takes; an output without a shape is called by its title. */
function PortRow({ input, output }: Row) {
  const title = (input ?? output)?.title ?? '';
  const shape = (output ?? input)?.shape ?? null;
  const right = shape ?? (input && output ? output.title : '');
  const isTight = title.length * letterPx + right.length * signPx > rowRoomPx;
  return (
    <>
      <span className={isTight ? styles['cut'] : styles['whole']}>{title}</span>
      <span className={shape === null ? styles['whole'] : `numbers ${styles['whole']}`}>
        {right}
      </span>
    </>
  );
}

function CardHead({ model, run }: { readonly model: CardModel; readonly run: CardRun }) {
  return (
    <header className={styles['head']} style={{ height: rowPx.head }}>
      <Glyph family={model.family} />
      <h3 className={styles['title']} data-tight={run.state !== null || undefined}>
        <LongName name={model.title} />
      </h3>
      <CardState model={model} run={run} />
      {run.isGoing && (
        <div
          className={styles['progress']}
          role="progressbar"
          aria-label={`${model.title}: ${run.state}`}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={run.share === null ? undefined : Math.round(run.share * 100)}
        >
          <div
            className={styles['progress-bar']}
            data-unknown={run.share === null || undefined}
            style={{ width: `${(run.share ?? 1) * 100}%` }}
          />
        </div>
      )}
    </header>
  );
}

/** What goes on here, or else what kind of thing this is. */
function CardState({ model, run }: { readonly model: CardModel; readonly run: CardRun }) {
  const { documentId: _, ...context } = useCardContext();
  const size = usePictureSize(model.body, context.baseFolder);
  if (run.failure !== null) {
    return (
      <Hint text={run.failure}>
        <span className={styles['state']} data-tone="bad">
          {run.state}
        </span>
      </Hint>
    );
  }
  const idle = model.weights ?? size ?? (model.family === null ? 'unknown' : null);
  const tone = run.isGoing ? 'going' : undefined;
  return (
    <span className={`${styles['state']} ${size === null ? '' : 'numbers'}`} data-tone={tone}>
      {run.state ?? idle}
    </span>
  );
}

function Socket({ socket }: { readonly socket: SocketModel }) {
  const { port, plugged } = socket;
  return (
    <div className={styles['socket-row']} style={{ height: socketHeightPx(socket) }}>
      {plugged.length === 0 && (
        <div className={styles['socket']} data-empty>
          <span className={styles['part']} />
          <span className={styles['part-title']}>{port.title}</span>
        </div>
      )}
      {plugged.map(({ id, title, summary, family }) => (
        <div key={id} className={styles['socket']}>
          <span className={styles['part']} style={familyStyle(family)} />
          <span className={styles['part-title']}>
            <LongName name={title} />
          </span>
          <span className={`numbers ${styles['part-summary']}`}>{summary}</span>
        </div>
      ))}
    </div>
  );
}
