/** How far something has got: a steady bar, never a spinner. */
import styles from './progress-bar.module.css';

interface ProgressBarProps {
  /** What goes on, for those who do not see the bar. */
  readonly label: string;
  /** 0 to 1; null where it is not known. */
  readonly share: number | null;
  readonly className?: string;
}

export function ProgressBar({ label, share, className = '' }: ProgressBarProps) {
  return (
    <span
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={share === null ? undefined : Math.round(share * 100)}
      className={`${styles['track']} ${className}`}
    >
      <span className={styles['done']} style={{ width: `${(share ?? 0) * 100}%` }} />
    </span>
  );
}
