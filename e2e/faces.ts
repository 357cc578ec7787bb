/** The faces of the app: a page in Chromium, or the desktop window. Both open, break off and come back. */
import {
  _electron,
  chromium,
  type Browser,
  type ElectronApplication,
  type Page,
} from '@playwright/test';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { testBrowser } from './browser.ts';
import { keepMessages } from './messages.ts';
import { environment, type ServedApp } from './served-app.ts';

export interface Face {
  open(): Promise<Page>;
  /** Everything ends at once, as when the power goes; what comes back is a new window. */
  crash(): Promise<Page>;
  close(): Promise<void>;
}

interface Look {
  readonly viewport: { readonly width: number; readonly height: number } | null;
  readonly colorScheme: 'light' | 'dark' | 'no-preference' | null;
}

const root = join(import.meta.dirname, '..');
/** The test's own is enough. */
const noLimit = 0;

export class BrowserFace implements Face {
  readonly #server: ServedApp;
  readonly #look: Look;
  #browser: Browser | null = null;

  constructor(server: ServedApp, look: Look) {
    this.#server = server;
    this.#look = look;
  }

  async open(): Promise<Page> {
    await this.#server.start();
    this.#browser = await chromium.launch({
      executablePath: testBrowser(),
      // Drawn by the processor in one step, not as a graphics card would do it. Chromium's sandbox is not for root.
      args: ['--disable-gpu', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
      timeout: noLimit,
    });
    const context = await this.#browser.newContext({
      ...this.#look,
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    const page = await context.newPage();
    await keepMessages(page);
    await page.goto(await this.#server.address());
    return page;
  }

  async crash(): Promise<Page> {
    await this.#browser?.close();
    await this.#server.kill();
    return this.open();
  }

  async close(): Promise<void> {
    await this.#browser?.close();
    await this.#server.stop();
  }
}

export class ElectronFace implements Face {
  readonly #server: ServedApp;
  readonly #look: Look;
  #application: ElectronApplication | null = null;

  /** Of the server only the folders are used: the window brings its own. */
  constructor(server: ServedApp, look: Look) {
    this.#server = server;
    this.#look = look;
  }

  async open(): Promise<Page> {
    execFileSync(process.execPath, [join(root, 'host/bin/build.mjs'), '--page']);
    execFileSync(process.execPath, [join(root, 'electron/build.mjs')]);
    const { NODE_OPTIONS: engineOptions = '', ...env } = environment(this.#server.folders);
    this.#application = await _electron.launch({
      args: [
        '--require',
        join(import.meta.dirname, 'engine-options.cjs'),
        root,
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      ],
      env: { ...env, ENGINE_NODE_OPTIONS: engineOptions },
      colorScheme: this.#look.colorScheme,
      timeout: noLimit,
    });
    const page = await this.#application.firstWindow({ timeout: noLimit });
    await keepMessages(page);
    return page;
  }

  async crash(): Promise<Page> {
    const application = this.#application;
    const gone = new Promise((resolve) => {
      application?.process().once('exit', resolve);
    });
    application?.process().kill('SIGKILL');
    await gone;
    return this.open();
  }

  async close(): Promise<void> {
    await this.#application?.close();
  }
}
