/** One of a few, side by side: radio buttons that look like one control. */
import { useId } from 'react';
import type { FieldIds } from './field.tsx';
import type { Option } from './select.tsx';
import styles from './segmented.module.css';

interface SegmentedProps<Value extends string> {
  readonly ids: FieldIds;
  readonly options: readonly (Option & { readonly value: Value })[];
  /** Null where several values are mixed, or where the value is none of the options. */
  readonly value: string | null;
  readonly onChange: (value: Value) => void;
}

export function Segmented<Value extends string>(props: SegmentedProps<Value>) {
  const { ids, options, value, onChange } = props;
  const name = useId();
  return (
    <div
      role="radiogroup"
      className={styles['segmented']}
      aria-labelledby={ids.labelId}
      aria-describedby={ids.describedBy}
    >
      {options.map((option) => (
        <label key={option.value} className={styles['segment']}>
          <input
            type="radio"
            className={styles['radio']}
            name={name}
            checked={option.value === value}
            onChange={() => onChange(option.value)}
          />
          <span className={styles['label']}>{option.label}</span>
        </label>
      ))}
    </div>
  );
}
