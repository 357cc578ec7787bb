/** What disturbed the timed passes, below the figures that it bears on. */
import { TriangleAlert } from 'lucide-react';
import type { Noise } from '#engine/contract/run-event.ts';
import { noiseSentences } from '#engine/profile/noise-sentences.ts';
import styles from './noise-notes.module.css';

export function NoiseNotes({ noise }: { readonly noise: Noise | null }) {
  return noiseSentences(noise).map((sentence) => (
    <p key={sentence} className={styles['note']}>
      <TriangleAlert size={14} className={styles['icon']} aria-hidden />
      {sentence}
    </p>
  ));
}
