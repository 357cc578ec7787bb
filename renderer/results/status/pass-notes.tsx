/** How the passes came about, and what disturbed them, below the figures that it bears on. */
import { TriangleAlert } from 'lucide-react';
import type { Report } from '#engine/contract/report.ts';
import { passSentences } from '#engine/profile/pass-sentences.ts';
import styles from './pass-notes.module.css';

export function PassNotes({ report }: { readonly report: Report }) {
  return passSentences(report).map((sentence) => (
    <p key={sentence} className={styles['note']}>
      <TriangleAlert size={14} className={styles['icon']} aria-hidden />
      {sentence}
    </p>
  ));
}
