/** A number within a small range, by dragging or with the arrow keys. */
import { Slider as Base } from '@base-ui/react/slider';
import type { FieldIds } from './field.tsx';
import styles from './slider.module.css';

interface SliderProps {
  readonly ids: FieldIds;
  readonly name: string;
  /** Null stands at the lower end. */
  readonly value: number | null;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly onChange: (value: number) => void;
  /** Let go. */
  readonly onSettle: () => void;
}

export function Slider({ ids, name, value, min, max, step, onChange, onSettle }: SliderProps) {
  return (
    <Base.Root
      value={Math.min(Math.max(value ?? min, min), max)}
      min={min}
      max={max}
      step={step}
      onValueChange={onChange}
      onValueCommitted={onSettle}
    >
      <Base.Control className={styles['control']}>
        <Base.Track className={styles['track']}>
          <Base.Indicator className={styles['indicator']} />
          <Base.Thumb
            className={styles['thumb']}
            aria-label={name}
            aria-describedby={ids.describedBy}
          />
        </Base.Track>
      </Base.Control>
    </Base.Root>
  );
}
