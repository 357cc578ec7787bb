/** Pictures for docs/screens, taken in the browser of the tests. */
import { defineConfig } from '@playwright/test';
import type { FaceOptions } from '../../e2e/fixtures.ts';
import tests from '../../e2e/playwright.config.ts';

export default defineConfig<FaceOptions>({
  ...tests,
  testDir: '.',
  testMatch: '*.screen.ts',
  outputDir: '../../dist/screens',
  globalSetup: '../../e2e/global-setup.ts',
  projects: [{ name: 'chromium', use: { face: 'chromium' } }],
});
