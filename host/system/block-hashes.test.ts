/** Files hashed block by block: by one thread or several, the hashes are those of the bytes. */
import { createCipheriv, createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BlockHashing, hashBlockBytes, type FileToHash } from './block-hashes.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(os.tmpdir(), 'patchbay-block-hashes-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function fileOf(sizeBytes: number): Promise<FileToHash & { readonly bytes: Buffer }> {
  const bytes = Buffer.alloc(sizeBytes);
  for (let at = 0; at < sizeBytes; at += 4093) bytes[at] = (at * 31) % 251;
  const path = join(folder, `${sizeBytes}.bin`);
  await writeFile(path, bytes);
  return { path, sizeBytes, bytes };
}

const blocksOf = (bytes: Buffer): readonly Buffer[] =>
  Array.from({ length: Math.ceil(bytes.length / hashBlockBytes) }, (_, block) =>
    bytes.subarray(block * hashBlockBytes, (block + 1) * hashBlockBytes),
  );

const expected = {
  gmac(bytes: Buffer) {
    const gmac = createCipheriv('aes-128-gcm', Buffer.alloc(16), Buffer.alloc(12)).setAAD(bytes);
    gmac.final();
    return gmac.getAuthTag().toString('hex');
  },
  sha256: (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex'),
};

test.for([
  ['small files', [10, 0, 2 ** 20 + 1]],
  ['a file that is worth several threads, among small ones', [7, 5 * hashBlockBytes + 3, 0, 9]],
] as const)('%s', async ([, sizes]) => {
  const files = await Promise.all(sizes.map(fileOf));
  for (const hash of ['gmac', 'sha256'] as const) {
    const wanted = files.map(({ bytes }) => blocksOf(bytes).map(expected[hash]));
    expect(await new BlockHashing(files, hash, 2).join()).toEqual(wanted);
    expect(await new BlockHashing(files, hash, 2).settled()).toEqual(wanted);
  }
});

test.for([10, 6 * hashBlockBytes])(
  'a file of %d bytes that is not there, or shorter than it was, is an error with a code',
  async (sizeBytes) => {
    const { path } = await fileOf(sizeBytes);
    const longer = [{ path, sizeBytes: 3 * sizeBytes }];
    const missing = [{ path: join(folder, 'missing'), sizeBytes }];
    for (const [files, code] of [
      [longer, 'EOF'],
      [missing, 'ENOENT'],
    ] as const) {
      await expect(new BlockHashing(files, 'gmac').settled()).rejects.toMatchObject({ code });
    }
  },
);
