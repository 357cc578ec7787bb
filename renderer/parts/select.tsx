/** One of many: a button that opens a list, each entry with what it means. */
import { Select as Base } from '@base-ui/react/select';
import { Check, ChevronDown } from 'lucide-react';
import type { FieldIds } from './field.tsx';
import controlStyles from './control.module.css';
import styles from './select.module.css';

export interface Option {
  readonly value: string;
  readonly label: string;
  readonly about?: string;
}

interface SelectProps {
  readonly ids: FieldIds;
  readonly options: readonly Option[];
  /** Null where several values are mixed. */
  readonly value: string | null;
  /** Stands in for a value that is none of the options. */
  readonly placeholder: string;
  readonly onChange: (value: string) => void;
  readonly isWrong?: boolean;
}

export function Select({ ids, options, value, placeholder, onChange, isWrong }: SelectProps) {
  const known = options.some((option) => option.value === value) ? value : null;
  return (
    <Base.Root
      items={options}
      value={known}
      onValueChange={(next) => next !== null && onChange(next)}
    >
      <Base.Trigger
        id={ids.controlId}
        className={`${controlStyles['control']} ${styles['trigger']}`}
        aria-labelledby={ids.labelId}
        aria-describedby={ids.describedBy}
        aria-invalid={isWrong || undefined}
      >
        <Base.Value className={styles['value']} placeholder={placeholder} />
        <Base.Icon className={styles['icon']}>
          <ChevronDown size={14} />
        </Base.Icon>
      </Base.Trigger>
      <Base.Portal>
        {/* Laid over its button, the list would need a style element, which the page may not have. */}
        <Base.Positioner
          className={styles['positioner']}
          alignItemWithTrigger={false}
          align="end"
          sideOffset={4}
        >
          <Base.Popup className={styles['popup']}>
            <Base.List className={styles['list']}>
              {options.map(({ value: each, label, about }) => (
                <Base.Item key={each} value={each} label={label} className={styles['item']}>
                  <Base.ItemIndicator className={styles['mark']}>
                    <Check size={14} />
                  </Base.ItemIndicator>
                  <span className={styles['words']}>
                    <Base.ItemText>{label}</Base.ItemText>
                    {about !== undefined && <span className={styles['about']}>{about}</span>}
                  </span>
                </Base.Item>
              ))}
            </Base.List>
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
