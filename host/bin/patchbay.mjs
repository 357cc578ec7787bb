#!/usr/bin/env node
/** The `patchbay` command: builds itself where it runs from a clone and its sources have changed. */
import { existsSync } from 'node:fs';

const builder = new URL('build.mjs', import.meta.url);
if (existsSync(builder)) await (await import(builder.href)).buildIfStale();
await import('../../dist/host/patchbay.js');
