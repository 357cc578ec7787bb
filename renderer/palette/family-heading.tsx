/** The title of a family, which folds and opens it. */
import { ChevronRight } from 'lucide-react';
import { families, type Family } from '#engine/node/node-definition.ts';
import { Hint } from '#renderer/parts/hint.tsx';
import type { Reached } from './reached.ts';
import styles from './palette.module.css';

interface FamilyHeadingProps extends Reached {
  readonly family: Family;
  readonly count: number;
  readonly isFolded: boolean;
  /** For this one, or for every family. */
  readonly onFold: (isFolded: boolean, every: boolean) => void;
}

export function FamilyHeading(props: FamilyHeadingProps) {
  const { family, count, isFolded, isReachable, onReach, onFold } = props;
  return (
    <h2 id={`family-${family}`}>
      <Hint text={`${isFolded ? 'Open' : 'Fold'}; with Alt all families`} side="right">
        <button
          type="button"
          className={styles['family']}
          aria-expanded={!isFolded}
          tabIndex={isReachable ? 0 : -1}
          onFocus={onReach}
          onClick={({ altKey }) => onFold(!isFolded, altKey)}
          onKeyDown={({ key, altKey }) => {
            if (key === 'ArrowLeft' || key === 'ArrowRight') onFold(key === 'ArrowLeft', altKey);
          }}
        >
          <ChevronRight size={13} className={styles['chevron']} aria-hidden />
          {families[family].title}
          <span className={styles['count']}>{count}</span>
        </button>
      </Hint>
    </h2>
  );
}
