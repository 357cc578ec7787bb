/**
 * What electron-builder packs, by the project's own configuration: laid out for real, fuses and all. Electron's
 * runtime is taken where it is; else a stand-in takes its place in the package, and Node.js runs the programs of it.
 */
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { extractAll, getRawHeader, type DirectoryRecord } from '@electron/asar';
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { chromium } from '@playwright/test';
import { AppServer } from '../electron/app-server.ts';
import { buildApp } from '../electron/build.testing.ts';
import { startersOf } from '../electron/node-child.testing.ts';
import { electronPackageFolder, findElectronRuntime } from '../electron/start/electron-runtime.ts';
import { App } from './app.ts';
import { testBrowser } from './browser.ts';
import { expect, test } from './fixtures.ts';
import { environment, removeFolder, temporaryFolder } from './served-app.ts';

const root = join(import.meta.dirname, '..');

test.skip(({ face }) => face === 'electron', 'The package is laid out once.');
test.skip(process.platform !== 'linux', 'The stand-in for the runtime is one of Linux.');

let folder: string;
let layout: string;
const archive = (): string => join(layout, 'resources', 'app.asar');

test.beforeAll(async () => {
  folder = await temporaryFolder('desktop-package');
  layout = join(folder, 'linux-unpacked');
  await buildApp();
  const runtime = findElectronRuntime(electronPackageFolder());
  const given = runtime.state === 'ready' ? [] : [`-c.electronDist=${await standInRuntime()}`];
  const builder = join(root, 'node_modules', 'electron-builder', 'cli.js');
  const output = `-c.directories.output=${folder}`;
  const options = ['--linux', 'dir', '--publish', 'never', output, ...given];
  await promisify(execFile)(process.execPath, [builder, ...options], { cwd: root });
});
test.afterAll(() => removeFolder(folder));

/** A folder with what the packer looks for in Electron's: a program with fuses, as they are when it is fetched. */
async function standInRuntime(): Promise<string> {
  const runtime = join(folder, 'stand-in');
  await mkdir(join(runtime, 'resources'), { recursive: true });
  await mkdir(join(runtime, 'locales'));
  await writeFile(join(runtime, 'locales', 'en-US.pak'), '');
  for (const name of ['LICENSE', 'LICENSES.chromium.html'])
    await writeFile(join(runtime, name), '');
  const wire = Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX\u0001\u000810110000', 'latin1');
  await writeFile(join(runtime, 'electron'), wire, { mode: 0o755 });
  return runtime;
}

interface Packed {
  readonly path: string;
  readonly isOutside: boolean;
  readonly hash: string | undefined;
}

function packed({ files }: DirectoryRecord, path = ''): readonly Packed[] {
  return Object.entries(files).flatMap(([name, entry]) => {
    const whole = path === '' ? name : `${path}/${name}`;
    if ('files' in entry) return packed(entry, whole);
    if ('link' in entry) throw new Error(`${whole} is a link, which is not checked.`);
    return [{ path: whole, isOutside: entry.unpacked, hash: entry.integrity.hash }];
  });
}

test('all but native code is in the archive, and the archive says what every file hashes to', () => {
  const files = packed(getRawHeader(archive()).header);
  const outside = files.filter(({ isOutside }) => isOutside).map(({ path }) => path);
  expect(outside.filter((path) => !/\.(node|so(\.[\d.]+)?)$/.test(path))).toEqual([]);
  expect(outside.filter((path) => path.includes('onnxruntime_binding.node'))).toHaveLength(1);

  const inside = files.filter(({ isOutside }) => !isOutside);
  expect(inside.map(({ path }) => path)).toEqual(
    expect.arrayContaining([
      'dist/electron/main.js',
      'dist/electron/server-process.js',
      'dist/host/engine-process.js',
      'dist/renderer/index.html',
      'node_modules/onnxruntime-node/dist/index.js',
      'node_modules/sharp/package.json',
    ]),
  );
  expect(inside.filter(({ hash }) => !/^[0-9a-f]{64}$/.test(hash ?? ''))).toEqual([]);
});

test('the program is no Node.js, takes no options of one, and loads only the archive that it knows', async () => {
  const fuses = await getCurrentFuseWire(join(layout, 'patchbay'));
  const isOn = (fuse: FuseV1Options): boolean => String.fromCharCode(fuses[fuse] ?? 0) === '1';
  expect({
    runAsNode: isOn(FuseV1Options.RunAsNode),
    nodeOptions: isOn(FuseV1Options.EnableNodeOptionsEnvironmentVariable),
    inspector: isOn(FuseV1Options.EnableNodeCliInspectArguments),
    integrity: isOn(FuseV1Options.EnableEmbeddedAsarIntegrityValidation),
    onlyArchive: isOn(FuseV1Options.OnlyLoadAppFromAsar),
    encryptedCookies: isOn(FuseV1Options.EnableCookieEncryption),
    filePrivileges: isOn(FuseV1Options.GrantFileProtocolExtraPrivileges),
  }).toEqual({
    runAsNode: false,
    nodeOptions: false,
    inspector: false,
    integrity: true,
    onlyArchive: true,
    encryptedCookies: true,
    filePrivileges: false,
  });
});

test('it says whose work is in it', async () => {
  const notices = await readFile(join(layout, 'THIRD-PARTY-NOTICES.txt'), 'utf8');
  expect(notices).toMatch(/^onnxruntime-node \d.*\(MIT\)$/m);
  expect(notices).toMatch(/^tesseract\.js \d.*\(Apache-2\.0\)$/m);
});

test('Tesseract reads by what is packed', async () => {
  const unpacked = join(folder, 'read', 'app.asar');
  extractAll(archive(), unpacked);
  const data = 'node_modules/@tesseract.js-data/eng/4.0.0_best_int';
  const script = `
    import tesseract from 'tesseract.js';
    const options = { langPath: ${JSON.stringify(data)}, cacheMethod: 'none' };
    const worker = await tesseract.createWorker('eng', tesseract.OEM.LSTM_ONLY, options);
    const { data } = await worker.recognize(process.argv[1]);
    console.log(data.text);
    await worker.terminate();
  `;
  const signs = join(root, 'host', 'reading', 'signs.testing.png');
  const args = ['--input-type=module', '--eval', script, signs];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: unpacked });
  expect(stdout).toContain('Platform 7');
});

test('what is packed is all that the app needs: it serves the page and runs a graph', async () => {
  // Its name is what files in it are known by.
  const unpacked = join(folder, 'run', 'app.asar');
  extractAll(archive(), unpacked);
  const data = join(folder, 'data');
  const archiveStandIn = pathToFileURL(join(root, 'electron', 'archive-stand-in.testing.mjs')).href;
  const { NODE_OPTIONS: options, ...env } = environment({ data, cache: join(folder, 'cache') });
  const server = new AppServer(
    startersOf(() => join(unpacked, 'dist', 'electron', 'server-process.js'), {
      programs: join(unpacked, 'dist', 'host'),
      env: { ...env, NODE_OPTIONS: `${options} --import=${archiveStandIn}` },
    }),
    ({ message }) => {
      throw new Error(message);
    },
  );
  const started = await server.start();
  if (!started.ok) throw new Error(started.problems[0]?.message);
  const browser = await chromium.launch({
    executablePath: testBrowser(),
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
  const page = await browser.newPage();
  await page.goto(started.value);
  const app = new App(page, { open: never, crash: never, close: never }, data);
  await app.openPreset('Shapes LLaVA');
  await app.run();
  await expect(app.answer).toHaveText('red');
  await browser.close();
  await server.stop();
});

const never = (): never => {
  throw new Error('The window of this test opens once.');
};
