/** A flame chart of the operators of a row: click or Enter looks closer, Escape shows the whole, arrows walk. */
import { useMemo, useRef, useState, type CSSProperties, type KeyboardEvent } from 'react';
import type { Operator } from '#engine/contract/operators.ts';
import { Button } from '#renderer/parts/button.tsx';
import { plainWords } from '#renderer/parts/plain-words.ts';
import {
  directions,
  flameOf,
  framesWithin,
  nextFrame,
  wholeRow,
  type Direction,
  type Frame,
} from '#engine/profile/flame.ts';
import { classOf, operatorClasses } from './operator-classes.ts';
import { frameWords } from './operator-words.ts';
import styles from './flame-chart.module.css';

/** A frame that would be narrower than a hair is left out. */
const leastShare = 0.0012;
const rowPx = 20;

interface FlameChartProps {
  readonly title: string;
  readonly operators: readonly Operator[];
  /** Of the row, without the profiler. */
  readonly latencyMs: number;
  /** Frames that do not speak of these words are dimmed. */
  readonly searched: string;
}

export function FlameChart({ title, operators, latencyMs, searched }: FlameChartProps) {
  const frames = useMemo(() => flameOf(operators), [operators]);
  const [zoomedId, setZoomedId] = useState<string | null>(null);
  const [currentId, setCurrentId] = useState('0');
  const chart = useRef<HTMLDivElement>(null);
  const zoomed = frames.find(({ id }) => id === zoomedId);
  const current = frames.find(({ id }) => id === currentId) ?? frames[0];
  const seen = framesWithin(frames, zoomed ?? wholeRow, leastShare);
  const reached = seen.some(({ id }) => id === current?.id) ? current?.id : seen[0]?.id;
  const depth = Math.max(0, ...frames.map((frame) => frame.depth)) + 1;
  const words = plainWords(searched);
  const walk = (event: KeyboardEvent): void => {
    if (event.key === 'Escape' && zoomed) {
      event.stopPropagation();
      return setZoomedId(null);
    }
    if (!current || !directions.includes(event.key as Direction)) return;
    event.preventDefault();
    const walked = seen.map(({ whole }) => whole);
    const next = nextFrame(walked, current, event.key as Direction);
    if (!next) return;
    setCurrentId(next.id);
    chart.current?.querySelector<HTMLElement>(`[data-frame="${next.id}"]`)?.focus();
  };
  return (
    <figure className={styles['figure']}>
      <div
        ref={chart}
        className={styles['chart']}
        role="group"
        aria-label={`Flame chart of ${title}`}
        style={{ height: depth * rowPx }}
        onKeyDown={walk}
      >
        {seen.map((frame) => (
          <button
            key={frame.id}
            type="button"
            data-frame={frame.id}
            tabIndex={frame.id === reached ? 0 : -1}
            className={`${styles['frame']} ${frame.operator ? '' : styles['part']}`}
            data-dimmed={(words !== '' && !speaksOf(frame, words)) || undefined}
            style={{
              left: `${frame.start * 100}%`,
              width: `${frame.width * 100}%`,
              top: frame.depth * rowPx,
              ...hueOf(frame),
            }}
            aria-label={frameWords(frame.whole, latencyMs)}
            onClick={() => setZoomedId(frame.id === zoomedId ? null : frame.id)}
            onFocus={() => setCurrentId(frame.id)}
            onMouseEnter={() => setCurrentId(frame.id)}
          >
            <span className={styles['title']}>{frame.title}</span>
          </button>
        ))}
      </div>
      <figcaption className={styles['words']}>
        {current ? frameWords(current, latencyMs) : ''}
        {zoomed && (
          <Button weight="quiet" onClick={() => setZoomedId(null)}>
            Show all of it
          </Button>
        )}
      </figcaption>
    </figure>
  );
}

/** A part has none of its own. */
const hueOf = ({ operator }: Frame): CSSProperties =>
  operator ? ({ '--hue': operatorClasses[classOf(operator.kind)].hue } as CSSProperties) : {};

/** A part speaks of what it is called; an operator of its part, too. */
const speaksOf = ({ title, operator }: Frame, words: string): boolean =>
  plainWords(`${title} ${operator?.part ?? ''}`).includes(words);
