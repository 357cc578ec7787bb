/** Given answers, each with a bar as long as it is probable among them, and its score. */
import type { ScoredChoices } from '#engine/contract/run-event.ts';
import { choiceShares } from '#engine/profile/choice-shares.ts';
import styles from './choice-bars.module.css';

export function ChoiceBars({ choices }: { readonly choices: ScoredChoices }) {
  const { ranksBy } = choices;
  const what = ranksBy === 'sum' ? 'log-likelihood' : 'log-likelihood a token';
  return (
    <ol className={styles['choices']} aria-label={`Choices by ${what}`}>
      {choiceShares(choices).map(({ text, share, isBest, ...scores }) => (
        <li key={text} className={styles['choice']} data-best={isBest || undefined}>
          <span className={styles['text']} title={text}>
            {text}
          </span>
          <span className={`numbers ${styles['score']}`}>{scores[ranksBy].toFixed(2)}</span>
          <span className={`numbers ${styles['share']}`}>{percent(share)}</span>
          <span className={styles['lane']} aria-hidden>
            <span className={styles['bar']} style={{ width: `${100 * share}%` }} />
          </span>
        </li>
      ))}
    </ol>
  );
}

/** What is not nothing is not called nothing. */
function percent(share: number): string {
  if (share > 0 && share < 0.001) return '<0.1 %';
  return `${(100 * share).toFixed(1)} %`;
}
