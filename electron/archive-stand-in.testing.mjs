/**
 * Loaded by a test into processes that run from a folder named app.asar: makes files there tell of themselves as
 * those in Electron's archive do (lib/node/asar-fs-wrapper.ts). They have a new inode each time, the times of the
 * process's start and no big integers, and what is opened is a copy. Plain JavaScript, because Node.js itself reads it.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

const startedMs = Date.now();
const copies = new Map();
let inodes = 0;

const isArchived = (path) => /[\\/]app\.asar[\\/]/.test(String(path));

function asInArchive(stats) {
  const times = { atimeMs: startedMs, mtimeMs: startedMs, ctimeMs: startedMs };
  return Object.assign(stats, { dev: 1, ino: ++inodes, ...times });
}

function copied(path) {
  const key = String(path);
  const copy = copies.get(key) ?? join(fs.mkdtempSync(join(tmpdir(), 'archive-')), basename(key));
  if (!copies.has(key)) fs.copyFileSync(path, copy);
  copies.set(key, copy);
  return copy;
}

for (const name of ['stat', 'lstat']) {
  const { [name]: later } = fs.promises;
  const { [`${name}Sync`]: now } = fs;
  fs.promises[name] = async (path, options) =>
    isArchived(path) ? asInArchive(await later(path)) : later(path, options);
  fs[`${name}Sync`] = (path, options) =>
    isArchived(path) ? asInArchive(now(path, { ...options, bigint: false })) : now(path, options);
}
const { openSync } = fs;
const { open } = fs.promises;
fs.openSync = (path, ...rest) => openSync(isArchived(path) ? copied(path) : path, ...rest);
fs.promises.open = async (path, ...rest) => open(isArchived(path) ? copied(path) : path, ...rest);
syncBuiltinESMExports();
