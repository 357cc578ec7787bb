/** Says on a card that its node weighs most in a limit that the graph breaks; it hangs over the edge, so that nothing moves. */
import { breachText, factorText, limits, type Breach } from '#engine/estimate/budget.ts';
import { formatPercent } from '#engine/profile/format-ratio.ts';
import { useBreachesBy } from '#renderer/analysis/broken-limits.ts';
import { Hint } from '#renderer/parts/hint.tsx';
import styles from './card-limits.module.css';

export function CardLimits({ node }: { readonly node: string }) {
  const breaches = useBreachesBy(node);
  const [first, ...others] = breaches;
  if (!first) return null;
  return (
    <Hint text={<Sentences breaches={breaches} />} side="top">
      <p className={styles['mark']}>
        {shareText(first)}
        {others.length > 0 && ` +${others.length}`}
      </p>
    </Hint>
  );
}

function Sentences({ breaches }: { readonly breaches: readonly Breach[] }) {
  return breaches.map((breach) => (
    <span key={breach.limit} className={styles['sentence']}>
      {`${shareText(breach)}, which is ${breachText(breach)} (${factorText(breach)}).`}
    </span>
  ));
}

/** "62 % of time to first token" */
const shareText = ({ limit, heaviest }: Breach): string =>
  `${formatPercent(heaviest?.share ?? 0)} of ${limits[limit].title.toLowerCase()}`;
