/** A tokenizer stays open from run to run, and no longer than its files stay as they were. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { valueOf } from '#verify/value-of.testing.ts';
import { presetsFolder } from '../system/package-root.ts';
import { openTokenizer } from './open-tokenizer.ts';

const recorded = join(presetsFolder, 'checkpoints', 'shapes-llava');
let copy: string;

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'patchbay-kept-tokenizer-'));
  for (const name of ['tokenizer.json', 'tokenizer_config.json'])
    await cp(join(recorded, name), join(copy, name));
});

afterAll(() => rm(copy, { recursive: true, force: true }));

test('a folder that nobody touches is read once', async () => {
  const first = valueOf(await openTokenizer(recorded));
  expect(valueOf(await openTokenizer(recorded))).toBe(first);
});

test('what was written a moment ago is read again, so that no change is missed', async () => {
  const before = valueOf(await openTokenizer(copy));
  const path = join(copy, 'tokenizer.json');
  const file = JSON.parse(await readFile(path, 'utf8')) as { added_tokens: unknown[] };
  file.added_tokens.push({ id: 9_000, content: '<novel>', special: true });
  await writeFile(path, JSON.stringify(file));
  const after = valueOf(await openTokenizer(copy));
  expect([before.idOf('<novel>'), after.idOf('<novel>')]).toEqual([null, 9_000]);
});
