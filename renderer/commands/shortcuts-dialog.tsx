/** Every key there is, in the groups of the menus. */
import { Dialog } from '#renderer/parts/dialog.tsx';
import { closeOverlay } from '#renderer/overlay/overlay.ts';
import type { Command } from './command.ts';
import { commands, isMac } from './commands.ts';
import { writeKeys } from './shortcut.ts';
import styles from './shortcuts-dialog.module.css';

const groups: readonly Command['group'][] = ['File', 'Edit', 'View', 'Run', 'Help'];

export function ShortcutsDialog() {
  return (
    <Dialog title="Keyboard shortcuts" width={760} onClose={closeOverlay}>
      {/* Focused, so that the arrows scroll. */}
      <div className={styles['groups']} tabIndex={-1} ref={(whole) => whole?.focus()}>
        {groups.map((group) => (
          <Group key={group} group={group} />
        ))}
      </div>
    </Dialog>
  );
}

function Group({ group }: { readonly group: Command['group'] }) {
  const withKeys = commands().filter(
    (command) => command.group === group && (command.keys?.length ?? 0) > 0,
  );
  if (withKeys.length === 0) return null;
  return (
    <section className={styles['group']} aria-label={group}>
      <h3 className={styles['head']}>{group}</h3>
      <dl>
        {withKeys.map(({ id, title, keys = [] }) => (
          <div key={id} className={styles['row']}>
            <dt>{title}</dt>
            <dd className={styles['keys']}>
              {keys.map((each) => (
                <kbd key={each}>{writeKeys(each, isMac)}</kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
