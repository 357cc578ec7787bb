/** Every recorded case of a node that exists here is reproduced, on ONNX Runtime itself, in a process of its own. */
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildPrograms } from '#host/bin/patchbay-command.testing.ts';
import { packageRoot } from '#host/system/package-root.ts';
import { CaseChecker } from './process/case-checker.ts';
import { findCaseFolders } from './cases/case-folders.ts';
import type { CaseResult } from './cases/case-result.ts';
import { valueOf } from './value-of.testing.ts';

const recorded = join(import.meta.dirname, 'recorded');
const entry = join(packageRoot, 'dist', 'host', 'verify-process.js');
const temporary = await mkdtemp(join(os.tmpdir(), 'patchbay-verified-'));
process.env['TMPDIR'] = temporary;

/** Folders that hold cases; some others are of tests elsewhere. */
const families = [
  ...new Set(valueOf(await findCaseFolders([recorded])).map((folder) => basename(dirname(folder)))),
];

let checker: CaseChecker;
beforeAll(async () => {
  await buildPrograms();
  checker = new CaseChecker(entry);
});
afterAll(async () => {
  await checker.close();
  await rm(temporary, { recursive: true });
});

async function verify(folder: string): Promise<readonly CaseResult[]> {
  const results: CaseResult[] = [];
  for (const each of valueOf(await findCaseFolders([folder])))
    results.push(await checker.check(each));
  return results;
}

describe('recorded cases', () => {
  test.for(families)('of the family %s all pass, with everything compared', async (family) => {
    const results = await verify(join(recorded, family));
    expect(results.filter(({ status }) => status !== 'pass')).toEqual([]);
    for (const { compared, recorded: names, exempt, name } of results)
      expect([...compared, ...exempt.map((each) => each.name)], name).toEqual(names);
  });

  test('of what is not built here are told apart from failures, with what is lacking', async () => {
    const folder = join(temporary, 'xlnet');
    await cp(join(recorded, 'slm', 'phi'), folder, { recursive: true });
    for (const name of ['case.json', 'config.json']) {
      const text = await readFile(join(folder, name), 'utf8');
      await writeFile(
        join(folder, name),
        text.replace(/"model_type": "phi"/, '"model_type": "xlnet"'),
      );
    }
    expect(await checker.check(folder)).toMatchObject({
      status: 'unsupported',
      message: 'The language model family "xlnet" is not built yet.',
    });
    await rm(folder, { recursive: true });
  });

  test('fail where something was recorded that no row compares', async () => {
    const folder = join(temporary, 'more');
    await cp(join(recorded, 'projector', 'llava-mlp'), folder, { recursive: true });
    const path = join(folder, 'io.safetensors');
    const bytes = await readFile(path);
    bytes.write('out.image_pictures', bytes.indexOf('out.image_features'));
    await writeFile(path, bytes);
    expect(await checker.check(folder)).toMatchObject({
      status: 'fail',
      message: expect.stringContaining('does not hold the output "image_features"'),
    });
    const described = await readFile(join(folder, 'case.json'), 'utf8');
    await writeFile(
      join(folder, 'case.json'),
      described.replace(/("outputs": \[\s*"image_)features/, '$1pictures'),
    );
    expect(await checker.check(folder)).toMatchObject({
      status: 'fail',
      message: 'not compared: image_pictures',
      compared: [],
      recorded: ['image_pictures'],
    });
    await rm(folder, { recursive: true });
  });
});

describe('a case that ends its process', () => {
  test('is told, the next one has a new process, and nothing is left on disk', async () => {
    const folder = join(recorded, 'slm', 'phi');
    const result = checker.check(folder);
    const processId = checker.processId as number;
    process.kill(processId, 'SIGKILL');
    expect(await result).toMatchObject({
      family: 'slm',
      name: 'phi',
      status: 'fail',
      maxAbsError: null,
      message: expect.stringMatching(/^The process that checked it ended \(something killed it/),
    });
    expect(await checker.check(folder)).toMatchObject({ name: 'phi', status: 'pass' });
    expect(checker.processId).not.toBe(processId);
    await checker.close();
    expect(await readdir(temporary)).toEqual([]);
  });
});
