/** Said over everything else as long as the engine server does not answer this window; work stays where it is. */
import { Unplug } from 'lucide-react';
import { shell } from '#renderer/connection/shell.ts';
import { useServerState, type ServerState } from '#renderer/connection/server-state.ts';
import styles from './server-lost.module.css';

export function ServerLost() {
  const state = useServerState();
  if (state === 'here') return null;
  return (
    <div role="alert" className={styles['strip']}>
      <Unplug size={16} aria-hidden className={styles['icon']} />
      <p>
        <strong>{happened[state]}</strong> Everything unsaved is kept here: leave this window open.{' '}
        <WayBack state={state} />
      </p>
    </div>
  );
}

const happened = {
  gone: 'The engine server has ended.',
  strange: 'The engine server was started anew and does not know this window.',
} as const;

function WayBack({ state }: { readonly state: ServerState }) {
  if (shell && state === 'strange') return 'It goes on by itself in a moment.';
  if (shell) return 'Patchbay asks whether to start it again; this window then goes on by itself.';
  if (state === 'strange')
    return 'Press Enter in the terminal where Patchbay runs and open the address that it prints; this window then goes on by itself.';
  return (
    <>
      Start it again with <code>npx patchbay serve --port {location.port}</code> and open the
      address that it prints; this window then goes on by itself.
    </>
  );
}
