#!/usr/bin/env node
/** `npm start`: builds what is older than its sources, then opens Patchbay in a window. */
import { stripVTControlCharacters } from 'node:util';
import { buildIfStale, buildPageIfStale } from '../host/bin/build.mjs';
import { buildElectronIfStale } from './build.mjs';

// Nobody is told of a build that is not needed.
const told = setTimeout(
  () => console.log('Building Patchbay, for its sources have changed …'),
  500,
);
try {
  await buildIfStale();
  await buildPageIfStale();
  await buildElectronIfStale();
} catch (cause) {
  const message = stripVTControlCharacters(cause instanceof Error ? cause.message : String(cause));
  // A bundler shows the place in several lines; they say most as they are.
  console.error(`patchbay: Patchbay cannot be built from these sources.\n${message.trim()}`);
  process.exit(1);
} finally {
  clearTimeout(told);
}
await import('../dist/electron/start.js');
