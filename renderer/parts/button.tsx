/** Buttons: one look for each weight, and the square one that shows only an icon. */
import type { ComponentProps, ReactNode } from 'react';
import { Hint } from './hint.tsx';
import styles from './button.module.css';

type ButtonProps = ComponentProps<'button'> & {
  /** `primary` at most once in a place; `quiet` within rows of others. */
  readonly weight?: 'primary' | 'plain' | 'quiet' | 'danger';
};

export function Button({ weight = 'plain', className = '', ...props }: ButtonProps) {
  return (
    <button
      type="button"
      {...props}
      className={`${styles['button']} ${styles[weight] ?? ''} ${className}`}
    />
  );
}

type IconButtonProps = Omit<ComponentProps<'button'>, 'children' | 'title'> & {
  readonly icon: ReactNode;
  /** Said to those who do not see the icon, and shown on hover. */
  readonly label: string;
  readonly pressed?: boolean;
};

export function IconButton({ icon, label, pressed, className = '', ...props }: IconButtonProps) {
  return (
    <Hint text={label}>
      <button
        type="button"
        aria-label={label}
        aria-pressed={pressed}
        {...props}
        className={`${styles['icon']} ${className}`}
      >
        {icon}
      </button>
    </Hint>
  );
}
