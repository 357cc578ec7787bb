/** Starts the page: what was kept comes back first, then the window is drawn. */
import '@fontsource-variable/inter/wght.css';
import '@fontsource-variable/jetbrains-mono/wght.css';
import './theme/tokens.css';
import './theme/base.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { allCommands } from './app/all-commands.ts';
import { App } from './app/app.tsx';
import { setCommands } from './commands/commands.ts';
import { restoreRuns } from './runs/run-store.ts';
import { restoreView } from './view/view-store.ts';
import { restoreDrafts } from '#renderer/files/drafts.ts';

const root = document.getElementById('root');
if (!root) throw new Error('The page has no place to draw into.');

setCommands(allCommands);
await restoreView();
await restoreDrafts();
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
void restoreRuns();
