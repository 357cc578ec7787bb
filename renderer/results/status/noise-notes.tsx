/** How the passes came about, and what disturbed them, below the figures that it bears on. */
import { TriangleAlert } from 'lucide-react';
import type { Report } from '#engine/contract/report.ts';
import { inTurnSentence, noiseSentences } from '#engine/profile/noise-sentences.ts';
import styles from './noise-notes.module.css';

export function NoiseNotes({ noise, holding }: Pick<Report, 'noise' | 'holding'>) {
  const sentences = [...(holding === 'in-turn' ? [inTurnSentence] : []), ...noiseSentences(noise)];
  return sentences.map((sentence) => (
    <p key={sentence} className={styles['note']}>
      <TriangleAlert size={14} className={styles['icon']} aria-hidden />
      {sentence}
    </p>
  ));
}
