/** Every recorded case of a node that exists here is reproduced, on ONNX Runtime itself, in a process of its own. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildPrograms } from '#host/bin/patchbay-command.testing.ts';
import { packageRoot } from '#host/system/package-root.ts';
import { CaseChecker } from './case-checker.ts';
import { findCaseFolders } from './case-folders.ts';
import type { CaseResult } from './case-result.ts';
import { valueOf } from './value-of.testing.ts';

const recorded = join(import.meta.dirname, 'recorded');
const entry = join(packageRoot, 'dist', 'host', 'verify-process.js');
const temporary = await mkdtemp(join(os.tmpdir(), 'patchbay-verified-'));
process.env['TMPDIR'] = temporary;

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
  test.for([
    ['acceleration', 1],
    ['compression', 1],
    ['encoder', 9],
    ['moe', 1],
    ['pipeline', 2],
    ['preprocess', 4],
    ['projector', 4],
    ['slm', 14],
    ['tokenizer', 8],
  ] as const)('of the family %s all pass', async ([family, count]) => {
    const results = await verify(join(recorded, family));
    expect(results.filter(({ status }) => status !== 'pass')).toEqual([]);
    expect(results).toHaveLength(count);
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
