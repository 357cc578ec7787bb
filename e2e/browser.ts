/** The browser that plays the person: one of the machine's, else one that can be fetched. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chromium } from '@playwright/test';
import { findBrowser } from '#host/browser/find-browser.ts';

/** Path of the program; throws one sentence that says what to install where none can be had. */
export function testBrowser(): string {
  return found() ?? fetched() ?? none();
}

function found(): string | null {
  const playwright = chromium.executablePath();
  const browser = findBrowser({
    env: process.env,
    platform: process.platform,
    exists: existsSync,
    playwright,
  });
  return browser?.path ?? null;
}

function fetched(): string | null {
  for (const [program, ...args] of waysToFetch()) {
    try {
      execFileSync(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });
    } catch {
      continue;
    }
    const path = found();
    if (path !== null) return path;
  }
  return null;
}

function waysToFetch(): readonly (readonly [string, ...string[]])[] {
  const isDebianRoot = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
  return [
    ['npx', 'playwright', 'install', 'chromium'],
    ...(isDebianRoot
      ? ([['sh', '-c', 'apt-get update && apt-get install -y chromium']] as const)
      : []),
  ];
}

function none(): never {
  throw new Error(
    'The tests of the app need a browser: install Chromium, Chrome or Edge, or name one by CHROME_PATH.',
  );
}
