/** A node on the canvas, as LOOK.md draws it: head, parts, ports, and what it costs. */
import type { NodeProps } from '@xyflow/react';
import { memo, useContext } from 'react';
import { Glyph } from '#renderer/parts/glyph.tsx';
import { Hint } from '#renderer/parts/hint.tsx';
import { familyStyle } from '#renderer/parts/family-style.ts';
import { CardBodyView } from './card-body.tsx';
import { FarContext, useCardContext } from './card-context.ts';
import { CardFoot } from './card-foot.tsx';
import {
  cardFontPx,
  contentWidthPx,
  gapPx,
  roomBesidePx,
  rowPx,
  socketHeightPx,
  titleRoomPx,
} from './card-geometry.ts';
import type { PluggedPart, SocketModel } from './card-content.ts';
import type { CardModel } from './card-model.ts';
import type { CardNode } from './card-node.ts';
import { CardLimits } from './card-limits.tsx';
import { CardPort } from './card-port.tsx';
import { CardProblem } from './card-problem.tsx';
import type { CardRun } from './card-run.ts';
import { fittingText, textWidthPx } from './fitting-text.ts';
import { usePictureSize } from './picture-size.ts';
import { useCardRun } from './use-card-run.ts';
import styles from './card.module.css';

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
      <CardLimits node={id} />
      <CardHead model={model} run={run} />
      {!isFar && <CardInside model={model} run={run} />}
      {model.geometry.ports.map((placed) => (
        <CardPort key={`${placed.port.side}.${placed.port.name}`} node={id} {...placed} />
      ))}
    </div>
  );
}

function CardInside({ model, run }: { readonly model: CardModel; readonly run: CardRun }) {
  const { summary, shortSummary, parameters, body, sockets, rows, foot, problem } = model;
  return (
    <>
      {summary !== null && (
        <p className={styles['summary']} style={{ height: rowPx.summary }}>
          <CutText text={summary} shown={shortSummary ?? summary} />
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

/** Each port's words at its side; the shape of one that has the row to itself stands across from them. */
function PortRow({ input, output }: Row) {
  if (input && output)
    return (
      <>
        <CutText text={input.title} />
        <CutText text={output.title} />
      </>
    );
  const port = input ?? output;
  if (!port) return null;
  const room = {
    widthPx: roomBesidePx(port.shape, { fontPx: cardFontPx.port, font: 'numbers' }),
    fontPx: cardFontPx.port,
  };
  return (
    <>
      {output && <span className={`numbers ${styles['shape']}`}>{port.shape}</span>}
      <CutText text={port.title} shown={fittingText(port.title, room)} />
      {input && <span className={`numbers ${styles['shape']}`}>{port.shape}</span>}
    </>
  );
}

interface CutTextProps {
  readonly text: string;
  /** As much of the text as there is room for. */
  readonly shown?: string;
}

/** A text with no more of it than there is room for; the whole one is told by a tooltip then. */
function CutText({ text, shown = text }: CutTextProps) {
  if (shown === text) return <span className={styles['whole']}>{text}</span>;
  return (
    <Hint text={text}>
      <span className={styles['cut']}>{shown}</span>
    </Hint>
  );
}

function CardHead({ model, run }: { readonly model: CardModel; readonly run: CardRun }) {
  const { baseFolder } = useCardContext();
  const size = usePictureSize(model.body, baseFolder);
  const { title, family, weights } = model;
  // What goes on here, or else what kind of thing this is.
  const state = run.state ?? weights ?? size ?? (family === null ? 'unknown' : null);
  const room = { widthPx: titleRoomPx(state), fontPx: cardFontPx.title };
  return (
    <header className={styles['head']} style={{ height: rowPx.head }}>
      <Glyph family={family} />
      <h3 className={styles['title']}>
        <CutText text={title} shown={fittingText(title, room)} />
      </h3>
      <CardState state={state} run={run} isSize={state === size} />
      {run.isGoing && (
        <div
          className={styles['progress']}
          role="progressbar"
          aria-label={`${title}: ${run.state}`}
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

interface CardStateProps {
  readonly state: string | null;
  readonly run: CardRun;
  readonly isSize: boolean;
}

function CardState({ state, run, isSize }: CardStateProps) {
  if (run.failure !== null) {
    return (
      <Hint text={run.failure}>
        <span className={styles['state']} data-tone="bad">
          {state}
        </span>
      </Hint>
    );
  }
  return (
    <span
      className={`${styles['state']} ${isSize ? 'numbers' : ''}`}
      data-tone={run.isGoing ? 'going' : undefined}
    >
      {state}
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
      {plugged.map((part) => (
        <Plugged key={part.id} part={part} />
      ))}
    </div>
  );
}

/** What the frame of a part and its mark take of a row. */
const partFramePx = 42;

function Plugged({ part: { title, summary, family } }: { readonly part: PluggedPart }) {
  const words = { fontPx: cardFontPx.part };
  const shownTitle = fittingText(title, { ...words, widthPx: contentWidthPx - partFramePx });
  const widthPx = contentWidthPx - partFramePx - gapPx - textWidthPx(shownTitle, words);
  const shownSummary = fittingText(summary, {
    widthPx,
    fontPx: cardFontPx.partSummary,
    font: 'numbers',
  });
  const isWhole = shownTitle === title && shownSummary === summary;
  const row = (
    <div className={styles['socket']}>
      <span className={styles['part']} style={familyStyle(family)} />
      <span className={styles['part-title']}>{shownTitle}</span>
      <span className={`numbers ${styles['part-summary']}`}>{shownSummary}</span>
    </div>
  );
  return isWhole ? row : <Hint text={`${title}: ${summary}`}>{row}</Hint>;
}
