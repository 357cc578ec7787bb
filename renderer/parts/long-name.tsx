/** A name that may be longer than its place: cut before its last words, whole in a tooltip. */
import { Hint } from './hint.tsx';
import { splitName } from './split-name.ts';
import styles from './long-name.module.css';

/** A name of fewer letters fits wherever one stands. */
const fittingLetters = 16;

export function LongName({
  name,
  className = '',
}: {
  readonly name: string;
  readonly className?: string;
}) {
  if (name.length <= fittingLetters)
    return <span className={`${styles['whole']} ${className}`}>{name}</span>;
  const { start, end } = splitName(name);
  return (
    <Hint text={name}>
      <span className={`${styles['name']} ${className}`}>
        <span className={styles['start']}>{start}</span>
        <span className={styles['end']}>{end}</span>
      </span>
    </Hint>
  );
}
