/** A line, or some lines, of text; numbers are typed here too. */
import type { ComponentProps } from 'react';
import type { FieldIds } from './field.tsx';
import styles from './control.module.css';

interface TextFieldProps extends Omit<ComponentProps<'input'>, 'id' | 'className'> {
  readonly ids: FieldIds;
  /** Written behind the value. */
  readonly unit?: string | undefined;
  /** Set in the type of figures. */
  readonly isFigure?: boolean;
  /** Small, beside the label of a slider. */
  readonly isCompact?: boolean;
  readonly isWrong?: boolean;
}

export function TextField(props: TextFieldProps) {
  const { ids, unit, isFigure = false, isCompact = false, isWrong = false, ...input } = props;
  return (
    <div className={`${styles['control']} ${styles['box']} ${isCompact ? styles['compact'] : ''}`}>
      <input
        type="text"
        autoComplete="off"
        spellCheck={false}
        {...input}
        id={ids.controlId}
        aria-describedby={ids.describedBy}
        aria-invalid={isWrong || undefined}
        className={`${styles['inner']} ${isFigure ? styles['figure'] : ''}`}
      />
      {unit !== undefined && <span className={styles['unit']}>{unit}</span>}
    </div>
  );
}

interface TextAreaProps extends Omit<ComponentProps<'textarea'>, 'id' | 'className'> {
  readonly ids: FieldIds;
  readonly isWrong?: boolean;
}

/** Grows with its text up to a limit, and can be dragged taller. */
export function TextArea({ ids, isWrong = false, ...area }: TextAreaProps) {
  return (
    <textarea
      {...area}
      id={ids.controlId}
      aria-describedby={ids.describedBy}
      aria-invalid={isWrong || undefined}
      className={`${styles['control']} ${styles['area']}`}
    />
  );
}
