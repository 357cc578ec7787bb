/** One more window in the same browser, with an address of its own. */
import { tell } from '#renderer/notices/notices.ts';
import { invitation } from '#renderer/connection/session.ts';

export async function openNewWindow(): Promise<void> {
  const address = await invitation();
  if (address === null) tell('There is no new window, because the engine server did not answer.');
  // With an opener it would take over what this window keeps for itself, such as its drafts.
  else window.open(address, '_blank', 'noopener');
}
