/** One suite, two faces: Chromium always, Electron where its runtime is present. */
import { defineConfig } from '@playwright/test';
import type { FaceOptions } from './fixtures.ts';

export default defineConfig<FaceOptions>({
  testDir: '.',
  outputDir: '../dist/e2e',
  // Two files take turns on two cores: a test has a browser, a server and an engine of its own, and waits while they think.
  workers: 2,
  fullyParallel: false,
  forbidOnly: process.env['CI'] !== undefined,
  // A test waits for what is to be seen, however long a slow or busy machine takes; these end one that hangs.
  timeout: 1_200_000,
  expect: { timeout: 120_000 },
  retries: 0,
  reporter: [['list']],
  globalSetup: './global-setup.ts',
  use: {
    viewport: { width: 1440, height: 900 },
    // Of what never lands it is better to hear soon.
    actionTimeout: 60_000,
    // Pictures of every moment would take a tenth of the time.
    trace: { mode: 'retain-on-failure', screenshots: false },
    screenshot: 'only-on-failure',
  },
  projects: [
    { name: 'chromium', use: { face: 'chromium' } },
    { name: 'electron', use: { face: 'electron' } },
  ],
});
