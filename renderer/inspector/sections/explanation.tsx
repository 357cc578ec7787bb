/** What a node is and who described it: the beginning, and all of it to those who ask. */
import { ExternalLink } from 'lucide-react';
import type { Reference } from '#engine/node/node-definition.ts';
import { Hint } from '#renderer/parts/hint.tsx';
import { useFold } from './fold-state.ts';
import styles from './explanation.module.css';

interface ExplanationProps {
  readonly about: string;
  readonly references: readonly Reference[];
}

/** About three lines of the inspector at its usual width. */
const shortCharacters = 130;

export function Explanation({ about, references }: ExplanationProps) {
  const [isWhole, setWhole] = useFold('about');
  const isLong = about.length > shortCharacters;
  return (
    <div className={styles['explanation']}>
      <p className={styles['about']} data-short={(isLong && !isWhole) || undefined}>
        {about}
      </p>
      {isLong && (
        <button
          type="button"
          className={styles['more']}
          aria-expanded={isWhole}
          onClick={() => setWhole(!isWhole)}
        >
          {isWhole ? 'Less' : 'More'}
        </button>
      )}
      {references.length > 0 && (
        <ul className={styles['references']} aria-label="References">
          {references.map(({ title, url }) => (
            <li key={url} className={styles['reference']}>
              <Hint text={title}>
                <a className={styles['link']} href={url} target="_blank" rel="noreferrer">
                  <span className={styles['name']}>{title}</span>
                  <ExternalLink size={12} className={styles['icon']} aria-hidden />
                </a>
              </Hint>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
