/** What the engine held over the run: areas by kind, what was resident as a line, who was at work below; a cursor tells. */
import { useId, useMemo, useState, type KeyboardEvent, type PointerEvent } from 'react';
import { formatBytes, formatMilliseconds } from '#engine/contract/format.ts';
import type { MemoryMoment, StageReport } from '#engine/contract/report.ts';
import { rowTitle } from '#engine/contract/run-event.ts';
import { Segmented } from '#renderer/parts/segmented.tsx';
import { hueOf } from '#renderer/results/figures/stage-name.tsx';
import {
  canvas,
  highestMoment,
  memoryAreas,
  memoryKinds,
  nearestMoment,
  timedMoments,
  type MemoryAreas,
} from './memory-areas.ts';
import { chartWords, momentWords, type KindTitles } from './memory-words.ts';
import styles from './memory-chart.module.css';

interface MemoryChartProps {
  readonly moments: readonly MemoryMoment[];
  /** By titles that tell language models apart. */
  readonly stages: readonly StageReport[];
  readonly stateWord: string;
}

type Shown = 'run' | 'passes';

const shownOptions = [
  { value: 'run', label: 'Whole run' },
  { value: 'passes', label: 'Timed passes' },
] as const satisfies readonly { readonly value: Shown; readonly label: string }[];

export function MemoryChart({ moments, stages, stateWord }: MemoryChartProps) {
  const [shown, setShown] = useState<Shown>('run');
  const labelId = useId();
  const timed = useMemo(() => timedMoments(moments), [moments]);
  const seen = shown === 'passes' && timed.length > 1 ? timed : moments;
  const titles: KindTitles = {
    weights: 'weights',
    packedCopies: 'packed copies',
    state: stateWord,
    activations: 'activations',
  };
  return (
    <figure className={styles['figure']}>
      <div className={styles['head']}>
        <Legend titles={titles} />
        {timed.length > 1 && (
          <div className={styles['shown']}>
            <span className="visually-hidden" id={labelId}>
              Part of the run that is shown
            </span>
            <Segmented
              ids={{ labelId, controlId: '', describedBy: '' }}
              options={shownOptions}
              value={shown}
              onChange={setShown}
            />
          </div>
        )}
      </div>
      <Chart key={shown} moments={seen} stages={stages} titles={titles} />
    </figure>
  );
}

/** Of what is no stage's. */
const groundHue = 'var(--edge)';

function Legend({ titles }: { readonly titles: KindTitles }) {
  return (
    <span className={styles['legend']} aria-hidden>
      <span className={styles['kind']}>
        <span className={styles['swatch']} style={{ background: groundHue }} />
        the engine itself
      </span>
      {memoryKinds.map(({ kind, hue }) => (
        <span key={kind} className={styles['kind']}>
          <span className={styles['swatch']} style={{ background: hue }} />
          {titles[kind]}
        </span>
      ))}
      <span className={styles['kind']}>
        <span className={styles['stroke']} />
        resident, sampled
      </span>
    </span>
  );
}

interface ChartProps extends Pick<MemoryChartProps, 'moments' | 'stages'> {
  readonly titles: KindTitles;
}

/** Steps of the keys; a page is as good as ten. */
const steps: Readonly<Record<string, number>> = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageDown: -10,
  PageUp: 10,
  Home: -Infinity,
  End: Infinity,
};

function Chart({ moments, stages, titles }: ChartProps) {
  const aboutId = useId();
  const [chosen, setChosen] = useState<number | null>(null);
  const areas = useMemo(() => memoryAreas(moments), [moments]);
  const last = moments.length - 1;
  const at = Math.min(chosen ?? highestMoment(moments), last);
  const moment = moments[at];
  const titleOf = (id: string): string => {
    const stage = stages.find((each) => each.id === id);
    return stage ? rowTitle(stage) : id;
  };
  const words = moment ? momentWords(moment, titles, titleOf) : '';
  const walk = (event: KeyboardEvent): void => {
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    setChosen(Math.min(last, Math.max(0, at + step)));
  };
  const point = ({ clientX, currentTarget }: PointerEvent): void => {
    const { left, width } = currentTarget.getBoundingClientRect();
    if (width > 0) setChosen(nearestMoment(areas.places, (clientX - left) / width));
  };
  return (
    <>
      <div className={styles['chart']}>
        <p className="visually-hidden" id={aboutId}>
          {chartWords(moments, titles, titleOf)}
        </p>
        <Axes areas={areas} />
        <div
          className={styles['plot']}
          role="slider"
          tabIndex={0}
          aria-label="Memory over time"
          aria-describedby={aboutId}
          aria-valuemin={0}
          aria-valuemax={last}
          aria-valuenow={at}
          aria-valuetext={words}
          onKeyDown={walk}
          onPointerMove={point}
          onPointerDown={point}
        >
          <Drawing areas={areas} />
          <span
            className={styles['cursor']}
            style={{ left: `${(areas.places[at] ?? 0) * 100}%` }}
            aria-hidden
          />
        </div>
        <Work areas={areas} stages={stages} />
      </div>
      <figcaption className={styles['words']} aria-hidden>
        {words}
      </figcaption>
    </>
  );
}

function Axes({ areas: { byteTicks, timeTicks } }: { readonly areas: MemoryAreas }) {
  return (
    <div className={styles['axes']} aria-hidden>
      {byteTicks.map(({ value, share }) => (
        <span key={value} className={styles['bytes']} style={{ bottom: `${share * 100}%` }}>
          {value === 0 ? '0' : formatBytes(value)}
        </span>
      ))}
      {timeTicks.map(({ value, share }) => (
        <span key={value} className={styles['time']} style={{ left: `${share * 100}%` }}>
          {formatMilliseconds(value)}
        </span>
      ))}
    </div>
  );
}

function Drawing({
  areas: { ground, areas, line, byteTicks, timeTicks },
}: {
  readonly areas: MemoryAreas;
}) {
  const { width, height } = canvas;
  return (
    <svg
      className={styles['drawing']}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      aria-hidden
    >
      {byteTicks.map(({ value, share }) => (
        <path key={value} className={styles['grid']} d={`M0,${(1 - share) * height}H${width}`} />
      ))}
      {timeTicks.map(({ value, share }) => (
        <path key={value} className={styles['grid']} d={`M${share * width},0V${height}`} />
      ))}
      <path className={styles['area']} style={{ fill: groundHue }} d={ground} />
      {memoryKinds.map(({ kind, hue }, index) => (
        <path key={kind} className={styles['area']} style={{ fill: hue }} d={areas[index]} />
      ))}
      <path className={styles['line']} d={line} />
    </svg>
  );
}

function Work({ areas: { work }, stages }: Pick<ChartProps, 'stages'> & { areas: MemoryAreas }) {
  return (
    <div className={styles['work']} aria-hidden>
      {work.map(({ stage, start, width }) => (
        <span
          key={start}
          style={{
            left: `${start * 100}%`,
            width: `${width * 100}%`,
            background: hueOf(stages.find(({ id }) => id === stage)?.type ?? ''),
          }}
        />
      ))}
    </div>
  );
}
