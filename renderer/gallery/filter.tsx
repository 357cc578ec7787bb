/** One field above the presets. */
import { Select, type Option } from '#renderer/parts/select.tsx';
import { Unlabelled } from '#renderer/parts/unlabelled.tsx';
import styles from './filter.module.css';

interface FilterProps {
  readonly label: string;
  /** Does it leave any out? */
  readonly narrows?: boolean;
  readonly value: string;
  readonly options: readonly Option[];
  readonly onChange: (value: string) => void;
}

export function Filter({ label, narrows = false, ...select }: FilterProps) {
  return (
    <div className={styles['filter']} data-narrows={narrows || undefined}>
      <Unlabelled name={label}>
        {(ids) => <Select ids={ids} placeholder={label} {...select} />}
      </Unlabelled>
    </div>
  );
}
