/** The canvas is measured in the browser of the tests, on a machine that has nothing else to do. */
import { defineConfig } from '@playwright/test';
import type { FaceOptions } from '../../e2e/fixtures.ts';
import tests from '../../e2e/playwright.config.ts';

export default defineConfig<FaceOptions>({
  ...tests,
  testDir: '.',
  testMatch: '*.bench.ts',
  workers: 1,
  outputDir: '../../dist/bench-canvas',
  globalSetup: '../../e2e/global-setup.ts',
  // A trace takes a picture of the page at every step, which is what is measured here.
  use: { ...tests.use, trace: 'off' },
  projects: [{ name: 'chromium', use: { face: 'chromium' } }],
});
