#!/usr/bin/env node
/** The `patchbay` command: builds itself where it runs from a clone and its sources have changed. */
import { buildIfStale } from './build.mjs';

await buildIfStale();
await import('../../dist/host/patchbay.js');
