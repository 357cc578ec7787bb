/** Builds the page: everything in files of its own, so that the server may forbid whatever is not. */
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  root: fileURLToPath(new URL('renderer', import.meta.url)),
  plugins: [react()],
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
