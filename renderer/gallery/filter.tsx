/** One field above the presets. */
import { useId } from 'react';
import { Select, type Option } from '#renderer/parts/select.tsx';
import styles from './filter.module.css';

interface FilterProps {
  readonly label: string;
  /** Does it leave any out? */
  readonly narrows?: boolean;
  readonly value: string;
  readonly options: readonly Option[];
  readonly onChange: (value: string) => void;
}

/** The list says what it holds; its name is for those who hear the page. */
export function Filter({ label, narrows = false, ...select }: FilterProps) {
  const id = useId();
  const ids = { labelId: `${id}-label`, controlId: `${id}-control`, describedBy: '' };
  return (
    <div className={styles['filter']} data-narrows={narrows || undefined}>
      <label className="visually-hidden" id={ids.labelId} htmlFor={ids.controlId}>
        {label}
      </label>
      <Select ids={ids} placeholder={label} {...select} />
    </div>
  );
}
