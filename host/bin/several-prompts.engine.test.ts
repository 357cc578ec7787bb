/** `patchbay run` with several prompts: one run after the other, in one engine that may reuse what it read. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reportSchema } from '#engine/contract/report.ts';
import { presetsFolder } from '../system/package-root.ts';
import { buildPrograms, patchbay } from './patchbay-command.testing.ts';

const circle = join(presetsFolder, 'samples', 'shapes-circle.png');
const question = 'what colour is the circle?';
const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-prompts-'));
const cache = join(folder, 'cache');

beforeAll(buildPrograms);
afterAll(() => rm(folder, { recursive: true }));

const run = (args: readonly string[]) => patchbay(['run', ...args, '--runs', '1'], { cache });

describe('several questions', () => {
  const asked = ['--prompt', question, '--prompt', 'how many shapes are there?'];

  test('are answered one after the other, and told to be reused where they are', async () => {
    const ran = await run(['shapes-llava', '--image', circle, ...asked, '--reuse']);
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    const [first = '', second = ''] = ran.stdout.split('\n\nPrompt: how many');
    expect(first).toMatch(/^Prompt: what colour is the circle\?\n/);
    expect(first).toMatch(/reused: nothing of the last run/);
    expect(first).toMatch(/Answer\nred/);
    expect(second).toMatch(/CLIP ViT .*– reused/);
    expect(second).toMatch(/reused: \d+ visual and \d+ text tokens of the last run/);
  });

  test('make a list of reports, in which nothing is reused unasked', async () => {
    const { stdout } = await run(['shapes-llava', '--image', circle, ...asked, '--json']);
    const reports = reportSchema.array().parse(JSON.parse(stdout));
    expect(reports).toHaveLength(2);
    expect(reports[0]?.answer?.text).toBe('red');
    for (const { stages, languageModels } of reports) {
      expect(stages.filter(({ reused }) => reused)).toEqual([]);
      expect(languageModels[0]?.reused).toBeNull();
    }
  });
});
