/**
 * Loaded into a process by a test, writes every path that it asks the system about into the file that ASKED_PATHS_FILE
 * names. All calls go through as they are.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const { appendFileSync } = fs;
let isWriting = false;

function write(path) {
  const { ASKED_PATHS_FILE: askedFile } = process.env;
  // Node.js writes by calls of the same module.
  if (askedFile === undefined || isWriting) return;
  isWriting = true;
  appendFileSync(askedFile, `${path}\n`);
  isWriting = false;
}

for (const module of [fs, fs.promises])
  for (const [name, call] of Object.entries(module)) {
    if (typeof call !== 'function' || /^[A-Z_]/.test(name)) continue;
    module[name] = Object.assign((...args) => {
      if (typeof args[0] === 'string') write(args[0]);
      return call(...args);
    }, call);
  }
syncBuiltinESMExports();
