/** Finds a Chromium-like browser on this machine, for the app window and for the tests of the page. */

export interface Browser {
  /** For people: "Chromium", "Google Chrome", "Microsoft Edge". */
  readonly name: string;
  /** Absolute path of the program. */
  readonly path: string;
}

export interface BrowserSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** Is there a file at this path? */
  readonly exists: (path: string) => boolean;
  /** Playwright's own Chromium, asked for last; null or left out where there is none. */
  readonly playwright?: string | null;
}

/** Program names on the search path of Linux and its kin, the plainest first. */
const linuxPrograms = [
  ['Chromium', 'chromium'],
  ['Chromium', 'chromium-browser'],
  ['Google Chrome', 'google-chrome-stable'],
  ['Google Chrome', 'google-chrome'],
  ['Microsoft Edge', 'microsoft-edge-stable'],
  ['Microsoft Edge', 'microsoft-edge'],
] as const;

/** Where packages put programs, also where the search path of a desktop entry is short. */
const linuxFolders = ['/usr/bin', '/usr/local/bin', '/snap/bin', '/opt/google/chrome'];

const macApplications = [
  ['Google Chrome', 'Google Chrome.app/Contents/MacOS/Google Chrome'],
  ['Chromium', 'Chromium.app/Contents/MacOS/Chromium'],
  ['Microsoft Edge', 'Microsoft Edge.app/Contents/MacOS/Microsoft Edge'],
] as const;

const windowsPrograms = [
  ['Google Chrome', 'Google\\Chrome\\Application\\chrome.exe'],
  ['Microsoft Edge', 'Microsoft\\Edge\\Application\\msedge.exe'],
  ['Chromium', 'Chromium\\Application\\chrome.exe'],
] as const;

/** The browser of CHROME_PATH, else one the system has, else Playwright's; null where there is none. */
export function findBrowser(surroundings: BrowserSurroundings): Browser | null {
  const { env, exists, playwright } = surroundings;
  const chosen = env['CHROME_PATH'];
  if (chosen && exists(chosen)) return { name: nameOf(chosen), path: chosen };
  const found = usualPlaces(surroundings).find(({ path }) => exists(path));
  if (found) return found;
  return playwright && exists(playwright) ? { name: 'Chromium', path: playwright } : null;
}

function usualPlaces({ env, platform }: BrowserSurroundings): readonly Browser[] {
  if (platform === 'darwin') {
    const folders = ['/Applications', ...(env['HOME'] ? [`${env['HOME']}/Applications`] : [])];
    return under(folders, macApplications, '/');
  }
  if (platform === 'win32') {
    const folders = [env['PROGRAMFILES'], env['PROGRAMFILES(X86)'], env['LOCALAPPDATA']];
    return under(folders, windowsPrograms, '\\');
  }
  const searched = (env['PATH'] ?? '').split(':').filter((folder) => folder.startsWith('/'));
  return under([...new Set([...searched, ...linuxFolders])], linuxPrograms, '/');
}

/** Every program in every folder; the kind of program decides before the folder does. */
function under(
  folders: readonly (string | undefined)[],
  programs: readonly (readonly [name: string, path: string])[],
  separator: '/' | '\\',
): readonly Browser[] {
  return programs.flatMap(([name, path]) =>
    folders.flatMap((folder) => (folder ? [{ name, path: `${folder}${separator}${path}` }] : [])),
  );
}

function nameOf(path: string): string {
  if (/edge/i.test(path)) return 'Microsoft Edge';
  if (/chromium/i.test(path)) return 'Chromium';
  return /chrome/i.test(path) ? 'Google Chrome' : 'the browser of CHROME_PATH';
}
