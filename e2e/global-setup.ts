/** Makes sure of a browser, and of programs and a page that are up to date, before the first test. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { testBrowser } from './browser.ts';

export default function globalSetup(): void {
  testBrowser();
  const build = join(import.meta.dirname, '..', 'host', 'bin', 'build.mjs');
  execFileSync(process.execPath, [build, '--page'], { stdio: 'inherit' });
}
