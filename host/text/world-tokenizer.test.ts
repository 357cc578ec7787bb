/** RWKV's list of tokens, against the example that another reader of the published list gives for it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { valueOf } from '#verify/value-of.testing.ts';
import { openTokenizer } from './open-tokenizer.ts';
import { smallTokenList } from './small-token-list.testing.ts';

const name = 'rwkv_vocab_v20230424.txt';
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(os.tmpdir(), 'patchbay-world-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function open(list: string) {
  await writeFile(join(folder, name), list);
  return openTokenizer(folder);
}

const plain = { addSpecialTokens: true } as const;
const shown = { skipSpecialTokens: true } as const;

test('the longest token that fits is taken at each place, byte by byte where there is none', async () => {
  const tokenizer = valueOf(await open(smallTokenList()));
  const encode = (text: string) => valueOf(tokenizer.encode(text, plain));
  // Source: cahya-wirawan/rwkv-tokenizer, README.md.
  const example = 'Today is a beautiful day. 今天是美好的一天。';
  const ids = [33520, 4600, 332, 59219, 21509, 47, 33];
  const inChinese = [10381, 11639, 13091, 15597, 11685, 14734, 10250, 11639, 10080];
  expect(encode(example)).toEqual([...ids, ...inChinese]);
  expect(encode('\t\t\r\n"\'#(\\é')).toEqual([257, 263, 379, 36, 483, 196, 170]);
  for (const text of [example, '\uFEFFnaïve 🙂\0 模型'])
    expect(tokenizer.decode(encode(text), shown)).toBe(text);
});

test('an answer is told by whole characters, and ends with the token that no list has', async () => {
  const tokenizer = valueOf(await open(smallTokenList()));
  const decoding = tokenizer.startDecoding(shown);
  const smile = [...Buffer.from('🙂')].map((byte) => byte + 1);
  expect(smile.map((id) => decoding.push(id))).toEqual(['', '', '', '🙂']);
  expect(decoding.push(0)).toBe('');
  expect([decoding.push(0xe4 + 1), decoding.finish()]).toEqual(['', '\uFFFD']);
  expect(tokenizer.endOfTextIds).toEqual([0]);
  expect(tokenizer.beginOfTextId).toBeNull();
});

test('a special token is what the configuration says, and nothing that a text can spell', async () => {
  await writeFile(
    join(folder, 'generation_config.json'),
    JSON.stringify({ eos_token_id: [0, 261] }),
  );
  const tokenizer = valueOf(await open(smallTokenList()));
  await rm(join(folder, 'generation_config.json'));
  expect(tokenizer.endOfTextIds).toEqual([0, 261]);
  expect([tokenizer.idOf(' beautiful'), tokenizer.idOf('<image>')]).toEqual([59219, null]);
});

test.for<[string, string, string]>([
  ['without a token for some byte', "1 'a' 1\n", '255 of the 256 bytes have no token'],
  ['with a line that is no token', `${smallTokenList()}\n999 token`, 'line 276 is no token'],
  ['that counts bytes wrong', `${smallTokenList()}999 'é' 1`, 'line 275 is no token'],
  ['with an id twice', `${smallTokenList()}33520 'x' 1`, 'line 275 is no token'],
  ['with an escape that Python does not write', `${smallTokenList()}999 '\\q' 1`, 'line 275 is no'],
  ['of nothing', '', '256 of the 256 bytes have no token'],
])('a list %s is refused in a sentence', async ([, list, reason]) => {
  const opened = await open(list);
  const [problem] = opened.ok ? [] : opened.problems;
  expect(problem?.code).toBe('tokenizer-unreadable');
  expect(problem?.message).toContain(reason);
  expect(problem?.message).toMatch(/Choose another checkpoint\.$/);
});
