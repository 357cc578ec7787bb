/** What a test is given: the app in one of its faces, opened at the gallery. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test as base, type Page } from '@playwright/test';
import { electronPackageFolder, findElectronRuntime } from '../electron/start/electron-runtime.ts';
import { App } from './app.ts';
import { BrowserFace, ElectronFace, type Face } from './faces.ts';
import { removeFolder, ServedApp, temporaryFolder } from './served-app.ts';

export interface FaceOptions {
  readonly face: 'chromium' | 'electron';
}

interface Given {
  readonly server: ServedApp;
  readonly window: Face;
  readonly page: Page;
  readonly app: App;
}

interface Shared {
  readonly cache: string;
}

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
    // Steady figures take two seconds a run, which only tests of them need.
    await writeFile(join(data, 'preferences.json'), JSON.stringify({ passes: 3 }));
    await use(new ServedApp({ data, cache }));
    await removeFolder(data);
  },

  window: async ({ face, server, viewport, colorScheme }, use) => {
    const look = { viewport, colorScheme: colorScheme ?? null };
    if (face === 'electron') {
      const { state } = findElectronRuntime(electronPackageFolder());
      test.skip(state !== 'ready', "Electron's runtime is not on this machine");
    }
    const window =
      face === 'electron' ? new ElectronFace(server, look) : new BrowserFace(server, look);
    await use(window);
    await window.close();
  },

  page: async ({ window }, use) => {
    await use(await window.open());
  },

  app: async ({ page, window, server }, use) => {
    const app = new App(page, window, server.folders.data);
    await app.isReady();
    await use(app);
  },
});

export { expect } from '@playwright/test';
