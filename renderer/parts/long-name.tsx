/** A name that may be longer than its place: cut in the middle, whole in a tooltip. */
import { Hint } from './hint.tsx';
import styles from './long-name.module.css';

/** The end of a name tells files and versions apart, so it stays. */
const keptAtEnd = 8;

export function LongName({
  name,
  className = '',
}: {
  readonly name: string;
  readonly className?: string;
}) {
  if (name.length <= keptAtEnd * 2)
    return <span className={`${styles['whole']} ${className}`}>{name}</span>;
  return (
    <Hint text={name}>
      <span className={`${styles['name']} ${className}`}>
        <span className={styles['start']}>{name.slice(0, -keptAtEnd)}</span>
        <span className={styles['end']}>{name.slice(-keptAtEnd)}</span>
      </span>
    </Hint>
  );
}
