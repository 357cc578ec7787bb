/** Readers of what Patchbay keeps for itself and anybody may have changed meanwhile. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '#engine/contract/document.ts';
import { draftSchema } from '#engine/contract/file-service.ts';
import { ok } from '#engine/contract/outcome.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { StageCache } from '#host/cache/stage-cache.ts';
import { LocalFiles } from '#host/files/local-files.ts';
import { jsonSample, onDisk, type Reader } from './reader.ts';

const document: unknown = sketchDocument(
  { prompt: ['input/prompt', { text: 'Say something.' }], answer: ['output/answer'] },
  ['prompt.text > answer.answer'],
);
const draft: Json = {
  id: 'a',
  window: 'w',
  path: '/home/a.patchbay.json',
  stamp: '1',
  document: document as Json,
  unsaved: true,
};

/** Reads what `ask` asks for; whatever is set aside or made beside the file goes again. */
function keptReader(
  name: string,
  about: string,
  samples: readonly (readonly [file: string, value: Json])[],
  ask: (folder: string) => Promise<unknown>,
): Reader {
  return {
    name,
    about,
    samples: () => Promise.resolve(samples.map(([file, value]) => jsonSample(file, value))),
    read: onDisk(async (folder) => {
      const value = await ask(folder);
      for (const made of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
        if (made.endsWith('.broken')) rmSync(join(folder, made), { force: true });
      return ok(value);
    }),
  };
}

export const draftsReader = keptReader(
  'drafts',
  'unsaved work in the data folder',
  [['drafts/a.json', draft]],
  async (folder) => {
    for (const found of await new LocalFiles(folder).drafts()) draftSchema.parse(found);
  },
);

export const preferencesReader = keptReader(
  'preferences',
  'preferences in the data folder',
  [['preferences.json', { theme: 'dark', panels: { left: 240, right: 320 }, recent: ['a', null] }]],
  async (folder) => JSON.stringify(await new LocalFiles(folder).preferences()),
);

export const recentReader = keptReader(
  'recent',
  'the list of files opened last',
  [
    [
      'recent-files.json',
      [{ path: '/home/a.patchbay.json', title: 'A', usedAt: '2026-01-01T00:00:00.000Z' }],
    ],
  ],
  async (folder) => {
    const files = new LocalFiles(folder);
    await files.recentFiles();
    await files.listFolder(null);
  },
);

export const cacheReader = keptReader(
  'cache',
  'the manifests of built stages',
  [
    [
      'stages/0123456789abcdef0123456789abcdef/stage.json',
      { title: 'Encoder', files: { 'ready.onnx': 0, 'stage.json': 1 } },
    ],
  ],
  async (folder) => {
    const cache = await StageCache.open(folder);
    if (!cache.ok) throw new Error(cache.problems[0]?.message);
    JSON.stringify(await cache.value.status());
    await cache.value.find('0123456789abcdef0123456789abcdef');
  },
);
