/** After an install, what is never loaded goes, and nothing else; whatever happens, the install goes on. */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';

const { platform, arch } = process;

const neededToRead = [
  '@tesseract.js-data/eng/4.0.0_best_int/eng.traineddata.gz',
  '@tesseract.js-data/eng/package.json',
  'tesseract.js-core/index.js',
  'tesseract.js-core/package.json',
  'tesseract.js-core/tesseract-core-simd-lstm.js',
  'tesseract.js-core/tesseract-core-simd-lstm.wasm',
  'tesseract.js-core/tesseract-core-simd.js',
  'tesseract.js-core/tesseract-core-simd.wasm',
];
const readerFiles = [
  ...neededToRead,
  '@tesseract.js-data/eng/4.0.0/eng.traineddata.gz',
  'tesseract.js-core/tesseract-core-simd-lstm.wasm.js',
  'tesseract.js-core/tesseract-core-simd.wasm.js',
];
let project: string;

beforeEach(async () => {
  project = await mkdtemp(join(os.tmpdir(), 'patchbay-trim-'));
  await copyFile(join(import.meta.dirname, 'trim.mjs'), await pathIn('patchbay/host/bin/trim.mjs'));
  await writeFile(await pathIn('onnxruntime-node/package.json'), '{}');
  for (const system of [`${platform}/${arch}`, `${platform}/other`, 'elsewhere/x64'])
    await writeFile(await pathIn(`onnxruntime-node/bin/napi-v6/${system}/runtime.node`), 'code');
  for (const file of readerFiles) await writeFile(await pathIn(file), '{}');
});
afterEach(() => rm(project, { recursive: true }));

async function pathIn(path: string): Promise<string> {
  const whole = join(project, 'node_modules', path);
  await mkdir(dirname(whole), { recursive: true });
  return whole;
}

async function install(): Promise<void> {
  await promisify(execFile)(process.execPath, [await pathIn('patchbay/host/bin/trim.mjs')]);
}

/** Which files of Tesseract are left after what npm runs. */
async function readerAfterInstall(): Promise<readonly string[]> {
  await install();
  const modules = join(project, 'node_modules');
  const files = await readdir(modules, { recursive: true });
  return files
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => readerFiles.includes(name))
    .toSorted();
}

/** Which systems' binaries are left after what npm runs. */
async function leftAfterInstall(): Promise<readonly string[]> {
  await install();
  const binaries = join(project, 'node_modules/onnxruntime-node/bin/napi-v6');
  const files = await readdir(binaries, { recursive: true });
  return files.filter((name) => name.endsWith('.node')).map((name) => dirname(name));
}

test('Only the binaries of this system stay', async () => {
  expect(await leftAfterInstall()).toEqual([join(platform, arch)]);
});

test('A project that uses the runtime itself keeps all of it', async () => {
  const manifest = { dependencies: { 'onnxruntime-node': '*', patchbay: '*' } };
  await writeFile(join(project, 'package.json'), JSON.stringify(manifest));
  expect(await leftAfterInstall()).toHaveLength(3);
});

test('Where there is no binary for this system, nothing is removed', async () => {
  await rm(join(project, 'node_modules/onnxruntime-node/bin/napi-v6', platform, arch), {
    recursive: true,
  });
  expect(await leftAfterInstall()).toHaveLength(2);
});

test('An install without the runtime is not stopped', async () => {
  await rm(join(project, 'node_modules/onnxruntime-node/package.json'));
  expect(await leftAfterInstall()).toHaveLength(3);
});

test('Of Tesseract, what Node.js reads with its newer model stays', async () => {
  expect(await readerAfterInstall()).toEqual(neededToRead);
});

test('A project that reads with Tesseract itself keeps all of it', async () => {
  const manifest = { devDependencies: { 'tesseract.js': '*' } };
  await writeFile(join(project, 'package.json'), JSON.stringify(manifest));
  expect(await readerAfterInstall()).toEqual(readerFiles.toSorted());
});

test('Of a release that lies otherwise, nothing is removed', async () => {
  await rm(join(project, 'node_modules/tesseract.js-core/tesseract-core-simd.wasm'));
  expect(await readerAfterInstall()).toHaveLength(readerFiles.length - 1);
});
