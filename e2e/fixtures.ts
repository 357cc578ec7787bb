/** What a test is given: the app in one of its faces, opened at the gallery. */
import { _electron, chromium, test as base, type Page } from '@playwright/test';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { electronPackageFolder, findElectronRuntime } from '../electron/start/electron-runtime.ts';
import { App } from './app.ts';
import { testBrowser } from './browser.ts';
import { environment, removeFolder, ServedApp, temporaryFolder } from './served-app.ts';

export interface FaceOptions {
  readonly face: 'chromium' | 'electron';
}

interface Given {
  readonly server: ServedApp;
  readonly app: App;
  readonly page: Page;
}

interface Shared {
  readonly cache: string;
}

const root = join(import.meta.dirname, '..');

export const test = base.extend<Given & FaceOptions, Shared>({
  face: ['chromium', { option: true }],

  cache: [
    // eslint-disable-next-line no-empty-pattern
    async ({}, use) => {
      const folder = await temporaryFolder('cache');
      await use(folder);
      await removeFolder(folder);
    },
    { scope: 'worker' },
  ],

  server: async ({ cache }, use) => {
    const data = await temporaryFolder('data');
    const server = new ServedApp({ data, cache });
    await use(server);
    await server.stop();
    await removeFolder(data);
  },

  page: async ({ face, server, viewport, colorScheme }, use) => {
    if (face === 'electron') {
      const runtime = findElectronRuntime(electronPackageFolder());
      test.skip(runtime.state !== 'ready', "Electron's runtime is not on this machine");
      execFileSync(process.execPath, [join(root, 'electron/build.mjs')]);
      const electron = await _electron.launch({ args: [root], env: environment(server.folders) });
      await use(await electron.firstWindow());
      await electron.close();
      return;
    }
    await server.start();
    const browser = await chromium.launch({
      executablePath: testBrowser(),
      args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
    });
    const context = await browser.newContext({ viewport, colorScheme: colorScheme ?? null });
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    const page = await context.newPage();
    await page.goto(server.url);
    await use(page);
    await browser.close();
  },

  app: async ({ page, server }, use) => {
    await page.getByRole('button', { name: 'Open Shapes LLaVA' }).waitFor();
    await use(new App(page, server));
  },
});

export { expect } from '@playwright/test';
