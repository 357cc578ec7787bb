/** Every recorded case of a node that exists here is reproduced, on ONNX Runtime itself. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { CaseResult } from '#engine/contract/case-result.ts';
import { CancelSwitch } from '../runs/progress.ts';
import { verifyFolders } from './verify-folders.ts';

const recorded = join(import.meta.dirname, '..', 'recorded');

async function verify(folder: string): Promise<readonly CaseResult[]> {
  const results: CaseResult[] = [];
  const outcome = await verifyFolders(
    [folder],
    (result) => results.push(result),
    new CancelSwitch(),
  );
  expect(outcome).toEqual({ ok: true, value: null });
  return results;
}

test.for([
  ['acceleration', 1],
  ['compression', 1],
  ['encoder', 3],
  ['moe', 1],
  ['pipeline', 2],
  ['preprocess', 4],
  ['projector', 4],
  ['slm', 14],
  ['tokenizer', 8],
] as const)('all recorded cases of the family %s pass', async ([family, count]) => {
  const results = await verify(join(recorded, family));
  expect(results.filter(({ status }) => status !== 'pass')).toEqual([]);
  expect(results).toHaveLength(count);
});
