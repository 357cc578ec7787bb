/**
 * Three projects: `unit` takes seconds and runs in `npm run check`; `engine` starts engine processes; `long` repeats for
 * all questions and many mutants what `engine` does for some, and runs stages of true size, which `npm test` has no time
 * for.
 */
import { defineConfig } from 'vitest/config';

/** Ends a test that hangs. None is about time, so a machine that is slow or busy fails none. */
const patienceMs = 1_200_000;

export default defineConfig({
  test: {
    // ONNX Runtime lives in a process of its own, as in the product.
    pool: 'forks',
    // More than there are cores: what a test waits for is mostly another process.
    maxWorkers: '150%',
    teardownTimeout: patienceMs,
    setupFiles: ['./trials/fixed-seed.testing.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{bench,engine,nodes,host,verify,renderer,electron,trials}/**/*.test.ts'],
          exclude: ['**/*.{engine,long}.test.ts', 'bench/peers/**'],
          // A process serves many files: what they import is read once.
          isolate: false,
          testTimeout: patienceMs,
          hookTimeout: patienceMs,
        },
      },
      {
        extends: true,
        test: {
          name: 'engine',
          include: ['{host,verify,presets,electron,trials}/**/*.engine.test.ts'],
          testTimeout: patienceMs,
          hookTimeout: patienceMs,
        },
      },
      {
        extends: true,
        test: {
          name: 'long',
          include: ['{presets,trials}/**/*.long.test.ts'],
          testTimeout: patienceMs,
          hookTimeout: patienceMs,
        },
      },
    ],
  },
});
