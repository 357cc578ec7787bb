/** Finds Electron's runtime, which its npm package fetches only when it is first needed. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export type ElectronRuntime =
  | { readonly state: 'ready'; readonly path: string }
  /** The package is there, its runtime is not; the script fetches it. */
  | { readonly state: 'to-fetch'; readonly installScript: string }
  | { readonly state: 'not-installed' };

/** `packageFolder` is that of the npm package `electron`; null where it is not installed. */
export function findElectronRuntime(
  packageFolder: string | null,
  env: Readonly<Record<string, string | undefined>> = process.env,
): ElectronRuntime {
  if (packageFolder === null) return { state: 'not-installed' };
  const path = installedProgram(packageFolder, env['ELECTRON_OVERRIDE_DIST_PATH']);
  return path === null
    ? { state: 'to-fetch', installScript: join(packageFolder, 'install.js') }
    : { state: 'ready', path };
}

export function electronPackageFolder(): string | null {
  try {
    return dirname(createRequire(import.meta.url).resolve('electron/package.json'));
  } catch {
    return null;
  }
}

/** As the package itself tells: `path.txt` is written last, `dist/version` tells which one it is. */
function installedProgram(packageFolder: string, override: string | undefined): string | null {
  const dist = override ?? join(packageFolder, 'dist');
  try {
    const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as {
      version: string;
    };
    const runtimeVersion = readFileSync(join(dist, 'version'), 'utf8').trim().replace(/^v/, '');
    if (override === undefined && runtimeVersion !== version) return null;
    const program = programName(packageFolder);
    return existsSync(join(dist, program)) ? join(dist, program) : null;
  } catch {
    return null;
  }
}

function programName(packageFolder: string): string {
  const file = join(packageFolder, 'path.txt');
  return existsSync(file) ? readFileSync(file, 'utf8') : 'electron';
}
