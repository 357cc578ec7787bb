/** A preset: its graph in small, what it is, what it takes. */
import { Columns2 } from 'lucide-react';
import { useRef } from 'react';
import { formatBytes, formatCount } from '#engine/contract/format.ts';
import { visualTokensText, type PresetSummary } from '#engine/contract/preset-summary.ts';
import { openPreset } from '#renderer/files/file-actions.ts';
import { IconButton } from '#renderer/parts/button.tsx';
import { GraphPicture } from './graph-picture.tsx';
import { memoryText } from './memory-text.ts';
import { useMachineMemory, usePresetDocument } from './presets.ts';
import { useSeen } from './use-seen.ts';
import styles from './gallery.module.css';

interface PresetCardProps {
  readonly preset: PresetSummary;
  /** Is it the one that another is to be held against? */
  readonly isCompared: boolean;
  readonly onCompare: () => void;
}

export function PresetCard({ preset, isCompared, onCompare }: PresetCardProps) {
  const card = useRef<HTMLElement>(null);
  const document = usePresetDocument(preset.id, useSeen(card));
  const { id, title, about, parameters, peakBytes, random, activeParameters } = preset;
  return (
    <article ref={card} className={styles['card']}>
      <div className={styles['picture']}>{document && <GraphPicture document={document} />}</div>
      <div className={styles['text']}>
        <h3 className={styles['title']}>
          <button
            type="button"
            className={styles['open']}
            aria-label={`Open ${title}`}
            aria-describedby={`about-${id}`}
            onClick={() => void openPreset(id)}
          >
            {title}
          </button>
        </h3>
        <p className={styles['about']} id={`about-${id}`}>
          {about}
        </p>
        <dl className={styles['figures']}>
          <Figure value={formatCount(parameters)} unit="params" />
          <Figure value={visualTokensText(preset)} unit="visual tokens" />
          <Figure value={formatBytes(peakBytes)} unit="est. memory" />
        </dl>
        <IconButton
          className={styles['compare'] ?? ''}
          icon={<Columns2 size={15} />}
          label={isCompared ? `Do not compare ${title}` : `Compare ${title}`}
          pressed={isCompared}
          onClick={onCompare}
        />
        <p className={styles['foot']}>
          <span>
            {random ? 'random weights' : 'trained weights'}
            {activeParameters < parameters && `, ${formatCount(activeParameters)} active`}
          </span>
          <Memory peakBytes={peakBytes} />
        </p>
      </div>
    </article>
  );
}

function Figure({ value, unit }: { readonly value: string; readonly unit: string }) {
  return (
    <div className={styles['figure']}>
      <dt>{unit}</dt>
      <dd className="numbers">{value}</dd>
    </div>
  );
}

function Memory({ peakBytes }: { readonly peakBytes: number }) {
  const memoryBytes = useMachineMemory();
  if (memoryBytes === null) return null;
  const { text, fits } = memoryText(peakBytes, memoryBytes);
  return <span className={fits ? styles['fits'] : styles['tooLarge']}>{text}</span>;
}
