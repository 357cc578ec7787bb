/** The package as npm packs it, installed into an empty folder, where nothing of the project is. */
import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readingGraph, writeGraph } from '#host/bin/graphs.testing.ts';
import { BrowserFace } from './faces.ts';
import { expect, test } from './fixtures.ts';
import {
  environment,
  removeFolder,
  ServedApp,
  temporaryFolder,
  type Folders,
} from './served-app.ts';

const root = join(import.meta.dirname, '..');
const shell = process.platform === 'win32';

test.skip(({ face }) => face === 'electron', 'A package of npm brings no window.');

let folder: string;
let app: string;
let folders: Folders;

test.beforeAll(async () => {
  folder = await temporaryFolder('package');
  app = join(folder, 'app');
  folders = { data: join(folder, 'data'), cache: join(folder, 'cache') };
  await mkdir(app);
  await run('npm', ['pack', '--pack-destination', folder], await sourcesAsCloned());
  const packed = (await readdir(folder)).find((name) => name.endsWith('.tgz')) ?? '';
  await run('npm', ['install', '--prefer-offline', '--prefix', app, join(folder, packed)], app);
});
test.afterAll(() => removeFolder(folder));

/** The project as it is before anything was built, so that packing has to build. */
async function sourcesAsCloned(): Promise<string> {
  const clone = join(folder, 'clone');
  const left = new Set(['.git', 'dist', 'node_modules', 'recorded'].map((name) => `/${name}`));
  await cp(root, clone, {
    recursive: true,
    filter: (path) => ![...left].some((end) => path.endsWith(end)),
  });
  await symlink(join(root, 'node_modules'), join(clone, 'node_modules'), 'junction');
  return clone;
}

/** Resolves with what the command wrote to standard output. */
async function run(program: string, args: readonly string[], cwd: string): Promise<string> {
  const env = { ...environment(folders), ONNXRUNTIME_NODE_INSTALL: 'skip' };
  return (await promisify(execFile)(program, args, { cwd, env, shell })).stdout;
}

test('an installed package shows presets, runs one, and brings this system’s binaries only', async () => {
  expect(await run('npx', ['patchbay', 'presets'], app)).toContain('shapes-llava');
  const question = ['--prompt', 'what colour is the circle?'];
  expect(await run('npx', ['patchbay', 'run', 'shapes-llava', ...question], app)).toMatch(
    /\bred\b/,
  );
  const binaries = join(app, 'node_modules', 'onnxruntime-node', 'bin', 'napi-v6');
  expect(await readdir(binaries)).toEqual([process.platform]);
  expect(await readdir(join(binaries, process.platform))).toEqual([process.arch]);
});

test('an installed package reads the text in a picture, without what is never loaded', async () => {
  const graph = await writeGraph(folder, 'reading', readingGraph());
  const signs = join(root, 'host', 'reading', 'signs.testing.png');
  const told = await run('npx', ['patchbay', 'run', graph, '--image', signs, '--json'], app);
  // Nothing read would be a warning.
  expect(JSON.parse(told)).toMatchObject({ problems: [] });
  const engine = await readdir(join(app, 'node_modules', 'tesseract.js-core'));
  expect(engine.filter((name) => name.endsWith('.wasm.js'))).toEqual([]);
  const data = join(app, 'node_modules', '@tesseract.js-data', 'eng');
  expect(await readdir(data)).not.toContain('4.0.0');
});

test('an installed package serves the page', async ({ viewport }) => {
  const server = new ServedApp(
    folders,
    join(app, 'node_modules', 'patchbay', 'host/bin/patchbay.mjs'),
  );
  const window = new BrowserFace(server, { viewport, colorScheme: null });
  const page = await window.open();
  await expect(page.getByRole('button', { name: 'Open Shapes LLaVA', exact: true })).toBeVisible();
  await window.close();
});
