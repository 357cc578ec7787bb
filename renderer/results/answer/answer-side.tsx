/** The answer as it is written, and the figures that one looks for first. */
import { ChevronDown, Copy } from 'lucide-react';
import { useLayoutEffect, useRef } from 'react';
import { formatBytes, formatMilliseconds, formatRate } from '#engine/contract/format.ts';
import type { Report } from '#engine/contract/report.ts';
import { IconButton } from '#renderer/parts/button.tsx';
import { isOver } from '#renderer/runs/live-run.ts';
import type { FollowedRun } from '#renderer/runs/run-store.ts';
import { toggleFolded } from '#renderer/view/view-store.ts';
import { copyText } from '#renderer/results/export/copy-text.ts';
import { hasRandomWeights } from '#renderer/runs/run-facts.ts';
import { answerShown } from './answer-shown.ts';
import styles from './answer-side.module.css';

export function AnswerSide({ run }: { readonly run: FollowedRun | null }) {
  const answer = answerShown(run);
  return (
    <aside className={styles['side']} aria-label="Answer and headline figures">
      <header className={styles['head']}>
        <h2>Answer</h2>
        <span className={styles['state']} aria-live="polite">
          {answer.state}
        </span>
        {answer.text !== '' && (
          <IconButton
            icon={<Copy size={14} />}
            label="Copy the answer"
            onClick={() => void copyText(answer.text, 'The answer')}
          />
        )}
        <IconButton
          icon={<ChevronDown size={16} />}
          label="Fold the results"
          className={styles['fold'] ?? ''}
          onClick={() => toggleFolded('results')}
        />
      </header>
      {run && answer.text !== '' && hasRandomWeights(run.report) && (
        <p className={styles['random']}>Random weights: these words mean nothing.</p>
      )}
      <AnswerText
        key={run?.runId}
        text={answer.text}
        instead={answer.instead}
        isGoing={run !== null && !isOver(run.live)}
      />
      {run && <Headlines report={run.report} />}
    </aside>
  );
}

interface AnswerTextProps {
  readonly text: string;
  /** Shown where there is no text. */
  readonly instead: string;
  readonly isGoing: boolean;
}

/** Follows what is being written, unless a person has scrolled back to read. */
function AnswerText({ text, instead, isGoing }: AnswerTextProps) {
  const place = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  useLayoutEffect(() => {
    if (isGoing && follows.current) place.current?.scrollTo({ top: place.current.scrollHeight });
  }, [text, isGoing]);
  return (
    <div
      ref={place}
      className={styles['body']}
      tabIndex={0}
      role="group"
      aria-label="Text of the answer"
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
        follows.current = scrollHeight - scrollTop - clientHeight < 24;
      }}
    >
      <p className={text === '' ? styles['empty'] : styles['text']}>{text || instead}</p>
    </div>
  );
}

function Headlines({ report }: { readonly report: Report }) {
  const { timeToFirstTokenMs, decodeTokensPerSecond, peakBytes, wallMs } = report.totals;
  const known = (value: number | null, format: (value: number) => string): string =>
    value === null || value === 0 ? '–' : format(value);
  return (
    <footer className={styles['foot']}>
      <dl className={styles['figures']}>
        {timeToFirstTokenMs === null && wallMs > 0 ? (
          <Figure value={formatMilliseconds(wallMs)} of="whole pass" />
        ) : (
          <Figure value={known(timeToFirstTokenMs, formatMilliseconds)} of="to first token" />
        )}
        <Figure value={known(decodeTokensPerSecond, formatRate)} of="tokens / s" />
        <Figure value={known(peakBytes, formatBytes)} of="peak" />
      </dl>
      <p className={`numbers ${styles['more']}`}>{moreFacts(report)}</p>
    </footer>
  );
}

function Figure({ value, of }: { readonly value: string; readonly of: string }) {
  return (
    <div className={styles['figure']}>
      <dt>{of}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function moreFacts({ answer, totals }: Report): string {
  const { prefillTokensPerSecond, wallMs } = totals;
  const count = answer?.tokenIds.length ?? 0;
  const facts = [
    prefillTokensPerSecond === null
      ? null
      : `prefill ${formatRate(prefillTokensPerSecond)} tokens / s`,
    answer === null ? null : count === 1 ? '1 token' : `${count} tokens`,
    wallMs > 0 && totals.timeToFirstTokenMs !== null ? `pass ${formatMilliseconds(wallMs)}` : null,
  ];
  return facts.filter((fact) => fact !== null).join(' · ');
}
