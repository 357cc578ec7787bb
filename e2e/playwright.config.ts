/** One suite, two faces: Chromium always, Electron where its runtime is present. */
import { defineConfig } from '@playwright/test';
import type { FaceOptions } from './fixtures.ts';

export default defineConfig<FaceOptions>({
  testDir: '.',
  outputDir: '../dist/e2e',
  // Each test has the machine for itself: two cores, and figures to be measured.
  workers: 1,
  fullyParallel: false,
  forbidOnly: process.env['CI'] !== undefined,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [['list']],
  globalSetup: './global-setup.ts',
  use: {
    viewport: { width: 1440, height: 900 },
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
  },
  projects: [
    { name: 'chromium', use: { face: 'chromium' } },
    { name: 'electron', use: { face: 'electron' } },
  ],
});
