/** The desktop app: one instance, one window, one server process; everything else is the page. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { app } from 'electron';
import { dataFolder } from '#host/files/data-folder.ts';
import type { StartChild } from '#host/system/child-program.ts';
import { AppServer } from './app-server.ts';
import { AppWindow } from './app-window.ts';
import { graphPathsIn } from './opened-files.ts';
import type { Program } from './server-message.ts';
import { shownLine } from './shown-line.ts';
import { utilityStarter } from './utility-child.ts';
import { openWindowFolder } from './window-folder.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Whose data folder differs is another Patchbay, with a window and an instance of its own. */
const windowFolder = openWindowFolder(dataFolder());
app.setPath('userData', windowFolder);

let window: AppWindow | null = null;
/** Files that the system hands over before there is a window. */
const early: string[] = [];

const startServer = utilityStarter('Patchbay server');
const startProgram: Readonly<Record<Program, StartChild>> = {
  'engine-process': utilityStarter('Patchbay engine'),
  'check-process': utilityStarter('Patchbay check'),
  'calibration-process': utilityStarter('Patchbay calibration'),
};

const server = new AppServer(
  {
    startServer: () => startServer(here('server-process.js'), [], process.env),
    startProgram: (program, args, environment) =>
      startProgram[program](here(`../host/${program}.js`), args, environment),
  },
  (problem) => void askToServeAgain(problem.message),
);

function openFiles(paths: readonly string[]): void {
  if (window) for (const path of paths) window.openFile(path);
  else early.push(...paths);
}

/** Serves, and shows the page; asks again for as long as it fails and the user wants it. */
async function serve(): Promise<void> {
  const started = await server.start();
  if (!started.ok) {
    await askToServeAgain(started.problems.map(({ message }) => message).join('\n'));
    return;
  }
  const loaded = await window?.load(started.value);
  // A server that died meanwhile is told of by itself.
  if (loaded?.failure && server.isRunning) {
    await askToServeAgain(`The page could not be loaded (${loaded.failure}).`);
  }
}

async function askToServeAgain(message: string): Promise<void> {
  const answer = await window?.ask(
    message,
    'Your graphs are not lost: unsaved work is kept as drafts and comes back with the page.',
    ['Start it again', 'Quit'],
  );
  if (answer === 0) await serve();
  else app.quit();
}

async function openApp(): Promise<void> {
  await app.whenReady();
  window = new AppWindow(
    {
      stateFile: join(windowFolder, 'window.json'),
      preload: here('preload.cjs'),
      icon: here('icon.png'),
    },
    () => console.log(shownLine),
  );
  openFiles([...early.splice(0), ...graphPathsIn(process.argv, process.cwd())]);
  await serve();
}

if (app.requestSingleInstanceLock()) {
  app.on('second-instance', (_event, argv, workingFolder) => {
    window?.focus();
    openFiles(graphPathsIn(argv, workingFolder));
  });
  app.on('open-file', (event, path) => {
    event.preventDefault();
    openFiles([path]);
  });
  app.on('before-quit', () => window?.prepareToQuit());
  app.on('window-all-closed', () => app.quit());
  app.on('will-quit', (event) => {
    if (!server.isRunning) return;
    event.preventDefault();
    void server.stop().then(() => app.quit());
  });
  void openApp();
} else {
  // The instance that runs comes to the front; whoever started this one need not wait for a window.
  console.log(shownLine);
  app.quit();
}
