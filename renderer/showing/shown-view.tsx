/** One view with its marks over it. What it shows is said in words beside it, or by its own name. */
import { useId, useMemo } from 'react';
import { assertNever } from '#engine/contract/outcome.ts';
import type { PatchMarks, Showing, ShownView } from '#engine/contract/showing.ts';
import { attendedPaths, keptPaths, mergedPaths, veilSteps } from './patch-paths.ts';
import styles from './shown-view.module.css';

interface ShownViewProps {
  readonly view: ShownView;
  readonly kind: Showing['kind'];
  readonly words: string;
  /** Does it stand small, where there is no room for hatching? */
  readonly isSmall: boolean;
  /** One of several, where lines would lie over one another? */
  readonly isDense: boolean;
}

export function ShownViewPicture({ view, kind, words, isSmall, isDense }: ShownViewProps) {
  const { width, height, dataUrl, marks } = view;
  return (
    <span
      className={styles['view']}
      style={{ aspectRatio: `${width} / ${height}` }}
      role="img"
      aria-label={words}
      data-small={isSmall || undefined}
      data-dense={isSmall || isDense || undefined}
    >
      <img className={styles['image']} src={dataUrl} alt="" draggable={false} />
      {marks && (
        <svg
          className={styles['marks']}
          viewBox={`0 0 ${marks.grid.columns} ${marks.grid.rows}`}
          preserveAspectRatio="none"
          aria-hidden
        >
          <Marks kind={kind} marks={marks} />
        </svg>
      )}
    </span>
  );
}

function Marks({ kind, marks }: { readonly kind: Showing['kind']; readonly marks: PatchMarks }) {
  switch (kind) {
    case 'kept-patches':
      return <KeptMarks marks={marks} />;
    case 'merged-patches':
      return <MergedMarks marks={marks} />;
    case 'attended-patches':
      return <AttendedMarks marks={marks} />;
    case 'views':
    case 'expert-load':
      return null;
    default:
      return assertNever(kind);
  }
}

function KeptMarks({ marks }: { readonly marks: PatchMarks }) {
  const { gone, edges, singledOut } = useMemo(() => keptPaths(marks), [marks]);
  const id = useId();
  // About as close wherever it stands, however many patches there are.
  const gap = Math.max(marks.grid.columns, marks.grid.rows) / 40;
  return (
    <>
      <pattern
        id={id}
        width={gap}
        height={gap}
        patternUnits="userSpaceOnUse"
        patternTransform="rotate(45)"
      >
        <line x1="0" y1="0" x2="0" y2={gap} strokeWidth={gap / 3} className={styles['hatch']} />
      </pattern>
      <path d={gone} className={styles['gone']} />
      <path d={gone} className={styles['hatched']} fill={`url(#${id})`} />
      <Line d={edges} />
      {singledOut.map(({ x, y }) => (
        <circle key={`${x} ${y}`} cx={x} cy={y} r={0.22} className={styles['dot']} />
      ))}
    </>
  );
}

function MergedMarks({ marks }: { readonly marks: PatchMarks }) {
  const { areas, edges, links } = useMemo(() => mergedPaths(marks), [marks]);
  return (
    <>
      {areas.map((area, hue) => (
        <path key={hue} d={area} className={styles['area']} data-hue={hue} />
      ))}
      <Line d={edges} />
      <Line d={links} isLink />
    </>
  );
}

/** A veil that thins the more a patch is looked at. */
function AttendedMarks({ marks }: { readonly marks: PatchMarks }) {
  const areas = useMemo(() => attendedPaths(marks), [marks]);
  return areas.map((area, step) => (
    <path
      key={step}
      d={area}
      className={styles['veil']}
      style={{ fillOpacity: 0.86 * (1 - step / (veilSteps - 1)) }}
    />
  ));
}

/** Light on a dark rim, so that it is seen on whatever the picture has there. */
function Line({ d, isLink = false }: { readonly d: string; readonly isLink?: boolean }) {
  return (
    <>
      <path d={d} className={styles['rim']} data-link={isLink || undefined} />
      <path d={d} className={styles['line']} data-link={isLink || undefined} />
    </>
  );
}
