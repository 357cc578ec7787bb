/** A name that may be longer than its place: cut in the middle, whole in a tooltip. */
import { Hint } from './hint.tsx';
import { nameEnd } from './name-end.ts';
import styles from './long-name.module.css';

/** Names that fit everywhere. */
const shortName = 16;

export function LongName({
  name,
  className = '',
}: {
  readonly name: string;
  readonly className?: string;
}) {
  if (name.length <= shortName)
    return <span className={`${styles['whole']} ${className}`}>{name}</span>;
  const end = nameEnd(name);
  return (
    <Hint text={name}>
      <span className={`${styles['name']} ${className}`}>
        <span className={styles['start']}>{name.slice(0, end)}</span>
        <span className={styles['end']}>{name.slice(end)}</span>
      </span>
    </Hint>
  );
}
