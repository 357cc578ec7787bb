/** What a window shows that the engine server does not know: how one that it knows is opened. */
import { shell } from '#renderer/connection/shell.ts';
import { useTheme } from '#renderer/theme/theme.ts';
import styles from './closed-door.module.css';

export function ClosedDoor() {
  useTheme();
  return (
    <main className={styles['page']}>
      <div className={styles['card']}>
        <h1 className={styles['heading']}>This address does not open Patchbay</h1>
        <p>
          An address opens one window, within a minute of being printed. That keeps everyone else
          who uses this machine out of your files.
        </p>
        {shell ? <p>Close Patchbay, and start it again.</p> : <WaysIn />}
      </div>
    </main>
  );
}

function WaysIn() {
  return (
    <ul className={styles['ways']}>
      <li>
        <strong>Where Patchbay runs in a terminal,</strong> press Enter there and open the address
        that it prints.
      </li>
      <li>
        <strong>Where a window of Patchbay is open,</strong> choose New window in its File menu.
      </li>
      <li>
        <strong>Where neither is,</strong> start Patchbay with <code>npx patchbay serve</code>.
        Unsaved work comes back with it.
      </li>
    </ul>
  );
}
