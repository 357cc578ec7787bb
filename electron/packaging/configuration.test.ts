/** How the app is packed; e2e/desktop-package.spec.ts reads what comes of it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { packageRoot } from '#host/system/package-root.ts';
import type configurationType from '../../electron-builder.ts';

async function configuration(release: string): Promise<typeof configurationType> {
  vi.resetModules();
  vi.stubEnv('PATCHBAY_RELEASE', release);
  const loaded = await import('../../electron-builder.ts');
  vi.unstubAllEnvs();
  return loaded.default;
}

test('Each system has its packages', async () => {
  const { linux, win, mac } = await configuration('');
  expect([linux.target, win.target, mac.target]).toEqual([['AppImage', 'deb'], 'nsis', 'dmg']);
});

test('A release is signed or is none; without a certificate packages can be made to try', async () => {
  expect((await configuration('1')).forceCodeSigning).toBe(true);
  expect((await configuration('')).forceCodeSigning).toBe(false);
});

test('On a Mac the app asks for leave to compile while it runs, and for nothing else', async () => {
  const { mac } = await configuration('');
  const plist = await readFile(join(packageRoot, mac.entitlements), 'utf8');
  expect(mac.hardenedRuntime).toBe(true);
  expect(plist.match(/<key>.*<\/key>/g)).toEqual(['<key>com.apple.security.cs.allow-jit</key>']);
});
