/** Figures under one another: what is reckoned in second ink and marked, what is counted in ink. */
import type { Figure } from './node-measures.ts';
import styles from './figures.module.css';

export function Figures({ figures }: { readonly figures: readonly Figure[] }) {
  return (
    <dl className={styles['figures']}>
      {figures.map(({ label, value, isEstimate }) => (
        <div key={label} className={styles['row']}>
          <dt className={styles['label']}>{label}</dt>
          <dd className={`numbers ${isEstimate ? styles['estimate'] : ''}`}>
            {isEstimate && 'est. '}
            {value}
          </dd>
        </div>
      ))}
    </dl>
  );
}
