/** The figures of a run that one looks for first; several language models have theirs with their answers. */
import { formatBytes, formatMilliseconds, formatRate } from '#engine/contract/format.ts';
import type { Report } from '#engine/contract/report.ts';
import { FactLine } from './fact-line.tsx';
import { furtherFacts } from '#engine/profile/language-facts.ts';
import styles from './answer-side.module.css';

export function Headlines({ report }: { readonly report: Report }) {
  const { timeToFirstTokenMs, decodeTokensPerSecond, peakBytes, wallMs } = report.totals;
  const [only, other] = report.languageModels;
  if (other)
    return (
      <footer className={styles['foot']}>
        <FactLine
          facts={[
            `pass ${known(wallMs, formatMilliseconds)}`,
            `peak ${known(peakBytes, formatBytes)}`,
          ]}
        />
      </footer>
    );
  const saysPass = timeToFirstTokenMs === null && wallMs > 0;
  return (
    <footer className={styles['foot']}>
      <dl className={styles['figures']}>
        {saysPass ? (
          <Figure value={known(wallMs, formatMilliseconds)} of="whole pass" />
        ) : (
          <Figure value={known(timeToFirstTokenMs, formatMilliseconds)} of="to first token" />
        )}
        <Figure value={known(decodeTokensPerSecond, formatRate)} of="tokens / s" />
        <Figure value={known(peakBytes, formatBytes)} of="peak" />
      </dl>
      <FactLine
        facts={[
          ...(only ? furtherFacts(only) : []),
          ...(wallMs > 0 && !saysPass ? [`pass ${formatMilliseconds(wallMs)}`] : []),
        ]}
      />
    </footer>
  );
}

const known = (value: number | null, format: (value: number) => string): string =>
  value === null || value === 0 ? '–' : format(value);

function Figure({ value, of }: { readonly value: string; readonly of: string }) {
  return (
    <div className={styles['figure']}>
      <dt>{of}</dt>
      <dd>{value}</dd>
    </div>
  );
}
