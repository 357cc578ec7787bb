/** Menus: one look for all, items with their keys at the right. */
import { Menu as Base } from '@base-ui/react/menu';
import { ChevronRight } from 'lucide-react';
import type { ReactElement, ReactNode } from 'react';
import styles from './menu.module.css';

interface MenuProps {
  /** The button that opens it. */
  readonly trigger: ReactElement<Record<string, unknown>>;
  readonly children: ReactNode;
  readonly align?: 'start' | 'end';
}

export function Menu({ trigger, children, align = 'start' }: MenuProps) {
  return (
    <Base.Root>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner className={styles['positioner']} sideOffset={5} align={align}>
          <Base.Popup className={styles['popup']}>{children}</Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

interface MenuItemProps {
  readonly children: ReactNode;
  readonly keys?: string | undefined;
  /** What tells it from another of the same name. */
  readonly note?: string | null;
  readonly disabled?: boolean;
  readonly onSelect: () => void;
}

export function MenuItem(props: MenuItemProps) {
  const { children, keys, note = null, disabled = false, onSelect } = props;
  return (
    <Base.Item className={styles['item']} disabled={disabled} onClick={onSelect}>
      <span className={styles['label']}>{children}</span>
      {note !== null && <span className={styles['note']}>{note}</span>}
      {keys !== undefined && <kbd className={styles['keys']}>{keys}</kbd>}
    </Base.Item>
  );
}

export function MenuLine() {
  return <Base.Separator className={styles['line']} />;
}

interface SubmenuProps {
  readonly label: string;
  readonly disabled?: boolean;
  readonly children: ReactNode;
}

export function Submenu({ label, disabled = false, children }: SubmenuProps) {
  return (
    <Base.SubmenuRoot disabled={disabled}>
      <Base.SubmenuTrigger className={styles['item']}>
        <span className={styles['label']}>{label}</span>
        <ChevronRight size={14} aria-hidden />
      </Base.SubmenuTrigger>
      <Base.Portal>
        <Base.Positioner className={styles['positioner']} sideOffset={2} alignOffset={-5}>
          <Base.Popup className={styles['popup']}>{children}</Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.SubmenuRoot>
  );
}
