/** A roofline: the roofs of this machine, a point a stage, and smaller ones for the operators of a stage. */
import { useRef, useState, type CSSProperties, type KeyboardEvent } from 'react';
import type { MachineRates } from '#engine/contract/calibration.ts';
import type { RoofPoint } from '#engine/profile/roofline.ts';
import { chartScale, hasPlace, type ChartPlace, type ChartScale } from './chart-scale.ts';
import styles from './roofline-chart.module.css';

export interface DrawnPoint {
  readonly key: string;
  readonly point: RoofPoint;
  readonly kind: 'stage' | 'operator';
  readonly hue: string;
  readonly words: string;
}

interface RooflineChartProps {
  readonly title: string;
  readonly points: readonly DrawnPoint[];
  readonly rates: MachineRates;
}

/** Units of the drawing; what is written stands beside it in pixels. */
const box = 1000;

export function RooflineChart({ title, points, rates }: RooflineChartProps) {
  const drawn = points
    .filter(({ point }) => hasPlace(point))
    .toSorted((a, b) => a.point.intensity - b.point.intensity);
  const [currentKey, setCurrentKey] = useState('');
  const chart = useRef<HTMLDivElement>(null);
  if (drawn.length === 0) return null;
  const scale = chartScale(
    drawn.map(({ point }) => point),
    rates,
  );
  const at = Math.max(
    0,
    drawn.findIndex(({ key }) => key === currentKey),
  );
  const walk = (event: KeyboardEvent): void => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const next = step === undefined ? undefined : drawn[at + step];
    if (!next) return;
    event.preventDefault();
    setCurrentKey(next.key);
    chart.current?.querySelectorAll('button')[at + (step ?? 0)]?.focus();
  };
  return (
    <figure className={styles['figure']}>
      <div className={styles['frame']}>
        <Axes scale={scale} />
        <div
          ref={chart}
          className={styles['chart']}
          role="group"
          aria-label={`Roofline of ${title}`}
          onKeyDown={walk}
        >
          <Roofs scale={scale} />
          {drawn.map(({ key, point, kind, hue, words }, index) => (
            <button
              key={key}
              type="button"
              tabIndex={index === at ? 0 : -1}
              className={styles[kind]}
              data-current={index === at || undefined}
              style={{ ...placed(scale.placeOf(point)), '--hue': hue } as CSSProperties}
              aria-label={words}
              onFocus={() => setCurrentKey(key)}
              onMouseEnter={() => setCurrentKey(key)}
            />
          ))}
        </div>
      </div>
      <figcaption className={styles['words']}>{drawn[at]?.words}</figcaption>
    </figure>
  );
}

const placed = ({ x, y }: ChartPlace): CSSProperties => ({ left: percent(x), top: percent(y) });

const percent = (share: number): string => `${share * 100}%`;

function Roofs({ scale }: { readonly scale: ChartScale }) {
  return (
    <>
      <svg
        className={styles['drawing']}
        viewBox={`0 0 ${box} ${box}`}
        preserveAspectRatio="none"
        aria-hidden
      >
        {scale.ticks.x.map(({ at, title }) => (
          <line key={title} className={styles['grid']} x1={at * box} x2={at * box} y2={box} />
        ))}
        {scale.ticks.y.map(({ at, title }) => (
          <line key={title} className={styles['grid']} y1={at * box} y2={at * box} x2={box} />
        ))}
        {scale.roofs.map(({ precision, line }) => (
          <polyline
            key={precision}
            className={styles['roof']}
            data-precision={precision}
            points={line.map(({ x, y }) => `${x * box},${y * box}`).join(' ')}
          />
        ))}
      </svg>
      {scale.roofs.map(({ precision, nameAt }) => (
        <span
          key={precision}
          className={styles['precision']}
          style={{ top: percent(nameAt) }}
          aria-hidden
        >
          {precision}
        </span>
      ))}
    </>
  );
}

function Axes({ scale }: { readonly scale: ChartScale }) {
  return (
    <div aria-hidden>
      {scale.ticks.y.map(({ at, title }) => (
        <span key={title} className={styles['yTick']} style={{ '--at': at } as CSSProperties}>
          {title}
        </span>
      ))}
      {scale.ticks.x.map(({ at, title }) => (
        <span key={title} className={styles['xTick']} style={{ '--at': at } as CSSProperties}>
          {title}
        </span>
      ))}
      <span className={styles['xTitle']}>FLOP per byte</span>
    </div>
  );
}
