/** How a browser is told to show Patchbay: as a window of its own, or as a page in the default browser. */
import { spawn } from 'node:child_process';
import { usualSize } from '../window-options.ts';

/** `profile` is a folder of our own, so that closing the window ends the process. */
export function appWindowArguments(url: string, profile: string, isRoot: boolean): string[] {
  return [
    `--app=${url}`,
    `--user-data-dir=${profile}`,
    `--window-size=${usualSize.width},${usualSize.height}`,
    '--no-first-run',
    '--no-default-browser-check',
    // Nothing here needs an account, an update or a key ring.
    '--disable-sync',
    '--disable-background-networking',
    '--disable-component-update',
    '--password-store=basic',
    ...(isRoot ? ['--no-sandbox'] : []),
  ];
}

export interface OpenCommand {
  readonly path: string;
  readonly args: readonly string[];
}

export function defaultBrowserCommand(platform: NodeJS.Platform, url: string): OpenCommand {
  if (platform === 'darwin') return { path: 'open', args: [url] };
  if (platform === 'win32') {
    // `start` is a word of the shell, to which & in an address means something; this is not.
    return { path: 'rundll32', args: ['url.dll,FileProtocolHandler', url] };
  }
  return { path: 'xdg-open', args: [url] };
}

/** A command that has not failed by then has opened a browser, and may stay as long as that does. */
const failureLimitMs = 3000;

/** Null when the command took the address, else why it did not. The browser is the user's: it outlives Patchbay. */
export function openDefaultBrowser({ path, args }: OpenCommand): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn(path, args, { stdio: 'ignore', detached: true });
    child.unref();
    const limit = setTimeout(() => resolve(null), failureLimitMs);
    const answer = (refusal: string | null) => {
      clearTimeout(limit);
      resolve(refusal);
    };
    child.on('error', (cause: NodeJS.ErrnoException) =>
      answer(cause.code === 'ENOENT' ? `there is no ${path}` : cause.message),
    );
    child.on('exit', (code) => answer(code === 0 ? null : `${path} ended with ${code}`));
  });
}
