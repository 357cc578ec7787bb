/** Measured time and memory at the foot of a card, or else what they are estimated to be. */
import { rowPx } from './card-geometry.ts';
import type { CardModel } from './card-model.ts';
import type { CardRun } from './card-run.ts';
import type { FootText } from './foot-text.ts';
import styles from './card-foot.module.css';

const unknown: FootText = { lines: [['not measured yet', '']] };

export function CardFoot({ model, run }: { readonly model: CardModel; readonly run: CardRun }) {
  const { lines } = run.foot ?? model.estimate ?? unknown;
  const [first, second] = lines;
  const height = model.foot === 'language' ? rowPx.languageFoot : rowPx.foot;
  return (
    <div
      className={styles['foot']}
      data-measured={run.foot !== null || undefined}
      style={{ height }}
    >
      {first && <FootLine line={first} />}
      <div className={styles['track']}>
        {run.foot && (
          <div
            className={styles['share']}
            role="img"
            aria-label={`${Math.round(run.foot.share * 100)}% of the run's time`}
            style={{ width: `${run.foot.share * 100}%` }}
          />
        )}
      </div>
      {second && <FootLine line={second} />}
    </div>
  );
}

function FootLine({ line: [left, right] }: { readonly line: readonly [string, string] }) {
  return (
    <p className={`numbers ${styles['line']}`}>
      <span>{left}</span>
      <span className={styles['right']}>{right}</span>
    </p>
  );
}
