/** Builds the page, and what says whose work is in Patchbay: everything in files of its own, so that the server may forbid whatever is not. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { installedPackages, thirdPartyNotices } from './host/bin/third-party.mjs';

const bundledPackages = new URL('dist/host/third-party.json', import.meta.url);
const notices = thirdPartyNotices(() => [
  ...JSON.parse(readFileSync(bundledPackages, 'utf8')),
  ...installedPackages(),
]);

export default defineConfig({
  root: fileURLToPath(new URL('renderer', import.meta.url)),
  plugins: [react(), ...notices.inPage],
  worker: { plugins: notices.inWorkers },
  build: {
    outDir: '../dist/renderer',
    emptyOutDir: true,
    sourcemap: true,
    // A font or a picture in the address of itself is content that the server's policy forbids.
    assetsInlineLimit: 0,
    // Every browser that the page runs in knows module preloading.
    modulePreload: { polyfill: false },
  },
});
