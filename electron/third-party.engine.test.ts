/** Whose work is in Patchbay is said where it goes: in the page, which the package of npm and the app carry. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { packageRoot } from '#host/system/package-root.ts';
import { buildApp } from './build.testing.ts';

const dist = join(packageRoot, 'dist');
let notices: string;

beforeAll(async () => {
  await buildApp();
  notices = await readFile(join(dist, 'renderer', 'third-party-notices.txt'), 'utf8');
});

async function filesIn(folder: string, ending: string): Promise<readonly string[]> {
  const names = await readdir(join(dist, folder));
  return names.filter((name) => name.endsWith(ending)).map((name) => join(dist, folder, name));
}

/** "zod 4.6.7", by the package that a file is of; null for a file of our own. How far up a map begins, maps differ. */
async function packageWith(source: string): Promise<string | null> {
  const [folder] = /node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+/.exec(source) ?? [];
  if (folder === undefined) return null;
  const text = await readFile(join(packageRoot, folder, 'package.json'), 'utf8');
  const { name, version } = JSON.parse(text) as { name: string; version: string };
  return `${name} ${version}`;
}

/** As the bundlers' maps tell what became part of a bundle. */
async function packagesInBundles(): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const folder of ['host', 'electron', 'renderer/assets']) {
    for (const map of await filesIn(folder, '.map')) {
      const { sources } = JSON.parse(await readFile(map, 'utf8')) as { sources: string[] };
      for (const source of sources) {
        const packed = await packageWith(source);
        if (packed !== null) found.add(packed);
      }
    }
  }
  return found;
}

test('Every package that is in a bundle is named with its licence', async () => {
  const bundled = [...(await packagesInBundles())];
  expect(bundled.length).toBeGreaterThan(20);
  expect(bundled.filter((each) => !notices.includes(`\n${each} (`))).toEqual([]);
});

test('Every package that is installed beside the bundles is named', async () => {
  const lock = await readFile(join(packageRoot, 'package-lock.json'), 'utf8');
  const { packages } = JSON.parse(lock) as {
    packages: Record<string, { version: string; dev?: boolean; devOptional?: boolean }>;
  };
  const installed = Object.entries(packages)
    .filter(([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional)
    .map(([path, { version }]) => `${path.replace(/^.*node_modules\//, '')} ${version}`);
  expect(installed).toContainEqual(expect.stringMatching(/^onnxruntime-node /));
  expect(installed.filter((each) => !notices.includes(`\n${each} (`))).toEqual([]);
});

test('The typefaces of the page are under their licence', async () => {
  for (const file of await filesIn('renderer/assets', '.woff2')) {
    const family = /([^/]*?)-(?:latin|greek|cyrillic|vietnamese)/.exec(file)?.[1] ?? file;
    expect(notices).toMatch(new RegExp(`\n@fontsource-variable/${family} .*OFL`));
  }
  expect(notices).toContain('SIL OPEN FONT LICENSE Version 1.1');
});

test('Language data is under the licence of those who made it, and libraries in Tesseract are named', () => {
  const sectionOf = (name: string) =>
    notices.split('-'.repeat(80)).find((section) => section.includes(`\n${name} `));
  const data = sectionOf('@tesseract.js-data/eng');
  for (const said of ['tesseract-ocr/tessdata_best', 'Apache License'])
    expect(data).toContain(said);
  const engine = sectionOf('tesseract.js-core');
  for (const said of ['Leptonica', 'Apache License']) expect(engine).toContain(said);
});
