/** Starts the page: the server lets it in, what was kept comes back, then the window is drawn. */
import '@fontsource-variable/inter/wght.css';
import '@fontsource-variable/jetbrains-mono/wght.css';
import './theme/tokens.css';
import './theme/base.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { allCommands } from './app/all-commands.ts';
import { App } from './app/app.tsx';
import { ClosedDoor } from './app/closed-door.tsx';
import { setCommands } from './commands/commands.ts';
import { enter, onServedAgain, serverState, untilServed } from './connection/server-state.ts';
import { tell } from './notices/notices.ts';
import { restoreRuns } from './runs/start-run.ts';
import { restoreView } from './view/view-store.ts';
import { restoreDrafts } from '#renderer/files/drafts.ts';

const root = document.getElementById('root');
if (!root) throw new Error('The page has no place to draw into.');

const page = createRoot(root);
await enter();
if (serverState.getState().is !== 'here') {
  page.render(<ClosedDoor />);
  await untilServed();
}
onServedAgain(() => tell('The engine server answers again.'));
setCommands(allCommands);
await restoreView();
await restoreDrafts();
page.render(
  <StrictMode>
    <App />
  </StrictMode>,
);
void restoreRuns();
