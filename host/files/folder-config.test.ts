/** The configurations of a chosen folder, and what is refused in their place. */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileLimits } from '#engine/contract/file-service.ts';
import { readFolderConfig } from './folder-config.ts';
import { LocalFiles } from './local-files.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'patchbay-config-'));
});
afterEach(() => rm(folder, { recursive: true }));

const write = (name: string, content: string | Buffer) => writeFile(join(folder, name), content);

const refusal = async (): Promise<string> => {
  const outcome = await readFolderConfig(folder);
  if (outcome.ok) throw new Error('It was read.');
  return outcome.problems.map(({ code, message }) => `${code}: ${message}`).join(' ');
};

describe('the configuration of a folder', () => {
  it('is what of its files is there', async () => {
    await write('config.json', '{ "model_type": "llama" }');
    await write('model.safetensors', 'not looked at');
    expect(await readFolderConfig(folder)).toEqual({
      ok: true,
      value: { 'config.json': { model_type: 'llama' } },
    });
  });

  it('may hold infinity, as Python writes it; words in strings stay what they are', async () => {
    await write(
      'config.json',
      String.raw`{ "time_step_limit": [0.0, Infinity], "least": -Infinity, "note": "to \"Infinity, NaN" }`,
    );
    expect(await readFolderConfig(folder)).toMatchObject({
      value: {
        'config.json': {
          time_step_limit: [0, { __float__: 'Infinity' }],
          least: { __float__: '-Infinity' },
          note: 'to "Infinity, NaN',
        },
      },
    });
  });

  it('is found beside the graph, and among the checkpoints that come along', async () => {
    await mkdir(join(folder, 'phi'));
    await write('phi/preprocessor_config.json', '{ "size": 224 }');
    const files = new LocalFiles(join(folder, 'data'));
    await files.choosePlace({ path: 'phi', baseFolder: folder });
    expect(await files.folderConfig({ folder: 'phi', baseFolder: folder })).toEqual({
      ok: true,
      value: { 'preprocessor_config.json': { size: 224 } },
    });
    expect(await files.folderConfig({ folder: 'builtin:shapes-llava' })).toMatchObject({
      value: { 'config.json': { model_type: 'llava' } },
    });
  });

  it('of a folder that is not there is a sentence', async () => {
    await rm(folder, { recursive: true });
    expect(await refusal()).toMatch(/^file-unreadable: There is no folder/);
    await mkdir(folder);
  });

  it('is never more than one would write', async () => {
    await write('config.json', Buffer.alloc(fileLimits.configBytes + 1, ' '));
    expect(await refusal()).toMatch(/^file-too-large: .*1\.05.MB/);
    await write('config.json', '['.repeat(1000));
    expect(await refusal()).toMatch(/nests values more than 32 deep/);
    await write('config.json', `{"a": "${String.raw`\"`.repeat(fileLimits.configBytes / 2 - 10)}`);
    expect(await refusal()).toMatch(/is not JSON/);
    await write('config.json', '[1, 2]');
    expect(await refusal()).toMatch(/is not a JSON object/);
  });

  it.skipIf(process.platform === 'win32')('is not waited for at a pipe', async () => {
    execFileSync('mkfifo', [join(folder, 'config.json')]);
    expect(await refusal()).toMatch(/config\.json is no file/);
  });
});
