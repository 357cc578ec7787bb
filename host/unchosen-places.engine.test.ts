/** What a graph names and its user has not chosen is told in a sentence, and neither looked for nor read. */
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { GraphDocument } from '#engine/contract/document.ts';
import type { Problem } from '#engine/contract/problem.ts';
import { writeDocument } from '#engine/graph/read-document.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { decoderGraph, writeGraph } from './bin/graphs.testing.ts';
import { buildPrograms, engineEntry, patchbay } from './bin/patchbay-command.testing.ts';
import { ChosenPlaces } from './files/chosen-places.ts';
import { LocalFiles } from './files/local-files.ts';
import { LocalHost } from './local-host.ts';
import { packageRoot } from './system/package-root.ts';

const root = await realpath(await mkdtemp(join(os.tmpdir(), 'patchbay-unchosen-')));
const secret = join(root, 'secret');
const data = join(root, 'data');
const own = join(root, 'own');
process.env['PATCHBAY_CACHE'] = join(root, 'cache');

/** Every path that this process and those that it starts ask the system about. */
const asked = join(root, 'asked.txt');
const noting = pathToFileURL(join(packageRoot, 'host', 'asked-paths.testing.mjs'));

let host: LocalHost;
let files: LocalFiles;

beforeAll(async () => {
  await buildPrograms();
  process.env['ASKED_PATHS_FILE'] = asked;
  await import(noting.href);
  const { NODE_OPTIONS: options = '' } = process.env;
  process.env['NODE_OPTIONS'] = `${options} --import=${noting.href}`.trim();
  for (const folder of [secret, own]) await mkdir(folder);
  await writeFile(join(secret, 'model.safetensors'), 'no tensors');
});
beforeEach(async () => {
  await host?.close();
  await rm(data, { recursive: true, force: true });
  const chosen = new ChosenPlaces(data);
  host = new LocalHost(engineEntry, { chosen });
  files = new LocalFiles(data, chosen);
  await rm(asked, { force: true });
});
afterAll(async () => {
  await host.close();
  delete process.env['ASKED_PATHS_FILE'];
  await rm(root, { recursive: true });
});

function namesSecret(): readonly string[] {
  const paths = readFileSync(asked, { encoding: 'utf8', flag: 'a+' }).split('\n');
  return paths.filter((path) => path.includes('secret'));
}

const graphOf = (folder: string): GraphDocument =>
  decoderGraph({ weights: { kind: 'checkpoint', folder } });

const refusalOf = (path: string, what = 'folder'): Partial<Problem> => ({
  code: 'place-unchosen',
  severity: 'error',
  message: `This graph names a ${what} that you have not chosen yet: ${path}; allow it to be read, or choose another.`,
  unchosen: path,
});

/** As a person opens it, from a folder of theirs. */
async function opened(
  graph: GraphDocument,
): Promise<{ document: GraphDocument; baseFolder: string }> {
  const path = join(own, 'graph.patchbay.json');
  await writeFile(path, writeDocument(graph));
  const file = await files.openFile(path);
  expect(file).toMatchObject({ ok: true });
  return { document: graph, baseFolder: own };
}

describe('a graph that is opened', () => {
  test.for([
    ['by its whole path', secret],
    ['by a way out of its own folder', '../secret'],
    ['by a way out of what comes with Patchbay', `builtin:../../../../../../../../..${secret}`],
  ])('names a folder %s: checked and run, it is refused and not looked for', async ([, folder]) => {
    const graph = await opened(graphOf(folder as string));
    const refusal = { ...refusalOf(secret), node: 'language', param: 'weights' };
    expect(await host.check(graph)).toEqual([refusal]);
    expect(await host.startRun({ ...graph, runs: 1 })).toEqual({ ok: false, problems: [refusal] });
    expect(await files.folderConfig({ folder: folder as string, baseFolder: own })).toEqual({
      ok: false,
      problems: [refusalOf(secret)],
    });
    expect(namesSecret()).toEqual([]);
  });

  test('names a picture or a clip elsewhere: not even its preview is made', async () => {
    const path = join(secret, 'cat.png');
    const source = { kind: 'file', path } as const;
    const clip = { kind: 'clip', path: '../secret' } as const;
    const { document } = await opened(
      sketchDocument(
        { image: ['input/image', { source }], video: ['input/video', { source: clip }] },
        [],
      ),
    );
    expect(await files.picture({ source, baseFolder: own, maxSide: 64 })).toEqual({
      ok: false,
      problems: [refusalOf(path, 'picture')],
    });
    expect(await files.picture({ source: clip, baseFolder: own, maxSide: 64 })).toEqual({
      ok: false,
      problems: [refusalOf(secret, 'clip')],
    });
    expect(await host.check({ document, baseFolder: own })).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ ...refusalOf(path, 'picture'), node: 'image' }),
        expect.objectContaining({ ...refusalOf(secret, 'clip'), node: 'video' }),
      ]),
    );
    expect(namesSecret()).toEqual([]);
  });

  test('is looked at as before once the folder is chosen, and what lies beside it always is', async () => {
    const graph = await opened(graphOf('../secret'));
    await files.choosePlace({ path: '../secret', baseFolder: own });
    const [problem] = await host.check(graph);
    expect(problem?.code).toBe('checkpoint-broken');
    expect(namesSecret()).not.toEqual([]);

    await mkdir(join(own, 'beside'), { recursive: true });
    const beside = await host.check(await opened(graphOf('beside')));
    expect(beside[0]?.code).toBe('checkpoint-unreadable');
  });
});

describe('the command line', () => {
  const command = (args: readonly string[]) =>
    patchbay(args, {
      cache: join(root, 'cache'),
      folder: own,
      environment: { PATCHBAY_DATA: data },
    });

  test('chooses what it names, for the one command', async () => {
    const graph = await writeGraph(own, 'named', graphOf('../secret'));
    const sentence = `error: language.weights: ${refusalOf(secret).message} [place-unchosen]`;
    const way = `Where it may be read, add: --allow ${secret}`;
    for (const name of ['check', 'run'])
      expect(await command([name, graph])).toMatchObject({
        status: 1,
        stderr: `${sentence}\n${way}\n`,
      });
    const allowed = await command(['check', graph, '--allow', '../secret']);
    expect(allowed.stderr).toMatch(/\[checkpoint-broken\]\n$/);
    expect((await command(['check', graph])).stderr).toContain(sentence);
  });

  test('lets a picture that it names be seen in place of one that it does not', async () => {
    await symlink(join(own, 'nowhere.png'), join(secret, 'cat.png'));
    const source = { kind: 'file', path: join(secret, 'cat.png') };
    const graph = await writeGraph(
      own,
      'picture',
      sketchDocument({ image: ['input/image', { source }] }, []),
    );
    const given = await command(['run', graph, '--image', join(secret, 'dog.png')]);
    expect(given.stderr).not.toContain('place-unchosen');
    expect((await command(['run', graph])).stderr).toContain('[place-unchosen]');
  });
});
