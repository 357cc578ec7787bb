/** On or off. */
import { Switch as Base } from '@base-ui/react/switch';
import type { FieldIds } from './field.tsx';
import styles from './switch.module.css';

interface SwitchProps {
  readonly ids: FieldIds;
  /** Null where several values are mixed. */
  readonly checked: boolean | null;
  readonly onChange: (checked: boolean) => void;
}

export function Switch({ ids, checked, onChange }: SwitchProps) {
  return (
    <Base.Root
      id={ids.controlId}
      checked={checked ?? false}
      onCheckedChange={onChange}
      className={styles['switch']}
      data-mixed={checked === null || undefined}
      aria-labelledby={ids.labelId}
      aria-describedby={ids.describedBy}
    >
      <Base.Thumb className={styles['thumb']} />
    </Base.Root>
  );
}
