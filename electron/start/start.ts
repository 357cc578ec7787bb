/** `npm start`: opens Patchbay in the best window this machine has, and says which and why. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findBrowser } from '#host/browser/find-browser.ts';
import { exitStatus } from '#host/bin/commands/exit-status.ts';
import { dataFolder } from '#host/files/data-folder.ts';
import { hearEnter } from '#host/bin/terminal/enter-key.ts';
import { closeWithin, endAtOnce, exitSoon, Presses } from '#host/system/ending.ts';
import { packageRoot } from '#host/system/package-root.ts';
import type { RunningServer } from '#host/server/start-server.ts';
import { servePage } from '../serve-page.ts';
import { claimProfile, profileBase } from './browser-profile.ts';
import { electronPackageFolder, findElectronRuntime } from './electron-runtime.ts';
import { because, displayProblem, wishedFace, type Face } from './faces.ts';
import { fetchRuntime } from './fetch-runtime.ts';
import { writeLaunchFile, type LaunchFile } from './launch-file.ts';
import { appWindowArguments, defaultBrowserCommand, openDefaultBrowser } from './open-browser.ts';
import { openElectron } from './open-electron.ts';
import { openOwnedWindow, type OwnedWindow } from './owned-window.ts';
import { ProgressLine } from './progress-line.ts';

/** A download that brings nothing for that long will bring nothing. */
const silenceLimitMs = 60_000;

const isRoot = process.platform !== 'win32' && process.getuid?.() === 0;
const interrupted = new AbortController();
let shown: OwnedWindow | null = null;
let served: RunningServer | null = null;
let launchFile: LaunchFile | null = null;
/** Is there no window whose end would be the end of it all? */
let isOnlyServing = false;

const presses = new Presses();
let isEnding = false;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    const press = presses.add();
    // The second time the window is not asked.
    shown?.close(press === 'again' ? 'SIGKILL' : 'SIGTERM');
    interrupted.abort();
    if (isEnding && press === 'again') endAtOnce();
    else if (isOnlyServing) void end(exitStatus.interrupted);
  });
}

await start();

async function start(): Promise<void> {
  const face = wishedFace(process.env);
  if (face !== null && typeof face === 'object') {
    console.error(`patchbay: ${face.mistake}`);
    await end(exitStatus.usage);
    return;
  }
  // npm starts its scripts in the folder of the package and notes where it was called.
  const calledFrom = process.env['INIT_CWD'] ?? process.cwd();
  const files = process.argv.slice(2).map((path) => resolve(calledFrom, path));
  const reasons: string[] = [];
  const blind = displayProblem(process.env, process.platform);
  if (face === 'electron' || (face === null && blind === null)) {
    const reason = await showInElectron(files);
    if (reason === null || (await endIfInterrupted())) return;
    if (face === 'electron') {
      console.error(`patchbay: PATCHBAY_FACE asks for Electron, but ${reason}.`);
      await end(exitStatus.problems);
      return;
    }
    reasons.push(reason);
  }
  if (files.length > 0)
    console.log('Files are opened from the page; only Electron takes them here.');
  await showInBrowser(face, blind, reasons);
}

/** Null when the window was open and is closed; else why it did not open. */
async function showInElectron(files: readonly string[]): Promise<string | null> {
  const progress = new ProgressLine(process.stderr, 'Fetching the Electron runtime');
  const opening = await openElectron({
    find: () => findElectronRuntime(electronPackageFolder()),
    fetch: async (installScript) => {
      progress.show(0, null);
      const fetched = await fetchRuntime({
        installScript,
        reportScript: fileURLToPath(new URL('fetch-report.js', import.meta.url)),
        progressed: (receivedBytes, totalBytes) => progress.show(receivedBytes, totalBytes),
        silenceLimitMs,
        signal: interrupted.signal,
      });
      progress.clear();
      return fetched;
    },
    args: [packageRoot, ...files],
    isRoot,
    started: (window) => {
      shown = window;
    },
  });
  if (!opening.opened) {
    shown = null;
    return opening.reason;
  }
  console.log('Patchbay opens in its own window.');
  if (isRoot) sayWithoutSandbox('Electron');
  await opening.window.closed;
  await end(interrupted.signal.aborted ? exitStatus.interrupted : exitStatus.done);
  return null;
}

async function showInBrowser(
  face: Face | null,
  blind: string | null,
  reasons: string[],
): Promise<void> {
  const started = await servePage(0);
  if (!started.ok) {
    for (const { message } of started.problems) console.error(`patchbay: ${message}`);
    await end(exitStatus.problems);
    return;
  }
  served = started.value;
  const server = served;
  if (face === 'none') sayAddress(server, []);
  else if (blind !== null && face === null) sayAddress(server, [blind]);
  else {
    const reason = await showInAppWindow(server, reasons);
    if (reason === null || (await endIfInterrupted())) return;
    await showInDefaultBrowser(server, [...reasons, reason]);
  }
}

async function showInDefaultBrowser(
  server: RunningServer,
  reasons: readonly string[],
): Promise<void> {
  isOnlyServing = true;
  launchFile = writeLaunchFile(join(dataFolder(), 'launch'), server.invite());
  const command = defaultBrowserCommand(process.platform, launchFile.url);
  const refusal = await openDefaultBrowser(command);
  if (refusal === null) {
    console.log(`Patchbay opens in the default browser${because(reasons)}.`);
    // A browser that is kept from the files of this user shows nothing.
    console.log(`If nothing opens there, open ${server.invite()}`);
    offerWindows(server);
  } else sayAddress(server, [...reasons, `no default browser took the address (${refusal})`]);
}

/** Null when the window was open and is closed; else why it did not open. */
async function showInAppWindow(
  server: RunningServer,
  reasons: readonly string[],
): Promise<string | null> {
  const browser = findBrowser({
    env: process.env,
    platform: process.platform,
    exists: (path) => existsSync(path),
  });
  if (!browser) return 'no Chromium, Chrome or Edge was found';
  const chosen = process.env['CHROME_PATH'];
  const told =
    chosen && browser.path !== chosen ? [...reasons, `CHROME_PATH names no file`] : reasons;
  const profile = claimProfile(profileBase(browser.path, dataFolder()));
  if (!profile) return `${join(dataFolder(), 'browser')} cannot be written`;
  console.log(`Patchbay opens in ${browser.name}${because(told)}.`);
  if (isRoot) sayWithoutSandbox(browser.name);
  console.log('It serves until the window is closed.');
  launchFile = writeLaunchFile(profile.folder, server.invite());
  const window = openOwnedWindow({
    path: browser.path,
    args: appWindowArguments(launchFile.url, profile.folder, isRoot),
  });
  shown = window;
  if (window.processId !== undefined) profile.holdBy(window.processId);
  const failure = await window.closed;
  shown = null;
  launchFile.remove();
  profile.release();
  if (failure !== null) return `${browser.name} did not stay open (${failure})`;
  await end(interrupted.signal.aborted ? exitStatus.interrupted : exitStatus.done);
  return null;
}

async function endIfInterrupted(): Promise<boolean> {
  if (interrupted.signal.aborted) await end(exitStatus.interrupted);
  return interrupted.signal.aborted;
}

/** The address stands alone at the end of its line, where a terminal makes a link of it. */
function sayAddress(server: RunningServer, reasons: readonly string[]): void {
  isOnlyServing = true;
  if (reasons.length > 0) console.log(`Patchbay opens no window${because(reasons)}.`);
  console.log(`Patchbay serves at ${server.invite()}`);
  console.log(
    'Open the address in a browser on this machine, within a minute; it opens one window.',
  );
  offerWindows(server);
}

function offerWindows({ invite }: RunningServer): void {
  const hears = hearEnter(() => console.log(`Another window opens at ${invite()}`));
  const ways = hears ? 'Enter prints an address' : 'the File menu of a window opens others';
  console.log(`For another window, ${ways}; Ctrl-C ends it.`);
}

function sayWithoutSandbox(name: string): void {
  console.log(`${name} runs without its sandbox, because root may not use it.`);
}

async function end(status: number): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  launchFile?.remove();
  if (served && !(await closeWithin([served])))
    console.error('patchbay: ended before everything was written.');
  await exitSoon(status);
}
