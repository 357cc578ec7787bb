/** After an install, what other systems would load goes, and nothing else; whatever happens, the install goes on. */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';

const { platform, arch } = process;
let project: string;

beforeEach(async () => {
  project = await mkdtemp(join(os.tmpdir(), 'patchbay-trim-'));
  await copyFile(join(import.meta.dirname, 'trim.mjs'), await pathIn('patchbay/host/bin/trim.mjs'));
  await writeFile(await pathIn('onnxruntime-node/package.json'), '{}');
  for (const system of [`${platform}/${arch}`, `${platform}/other`, 'elsewhere/x64'])
    await writeFile(await pathIn(`onnxruntime-node/bin/napi-v6/${system}/runtime.node`), 'code');
});
afterEach(() => rm(project, { recursive: true }));

async function pathIn(path: string): Promise<string> {
  const whole = join(project, 'node_modules', path);
  await mkdir(dirname(whole), { recursive: true });
  return whole;
}

/** Which systems' binaries are left after what npm runs. */
async function leftAfterInstall(): Promise<readonly string[]> {
  await promisify(execFile)(process.execPath, [await pathIn('patchbay/host/bin/trim.mjs')]);
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
