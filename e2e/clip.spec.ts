/** A clip is chosen, as a folder of frames or a file, shown by its first frame, and looked at. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import type { App } from './app.ts';
import { expect, test } from './fixtures.ts';

const frameCount = 6;

/** Frames of 32 × 24, and an animation of the first four. */
async function makeClips(folder: string): Promise<{ frames: string; animation: string }> {
  const frames = join(folder, 'frames');
  const animation = join(folder, 'walk.webp');
  await mkdir(frames);
  const paths: string[] = [];
  for (let index = 0; index < frameCount; index++) {
    const background = { r: 40 * index, g: 90, b: 160 };
    const path = join(frames, `frame${index}.png`);
    await sharp({ create: { width: 32, height: 24, channels: 3, background } }).toFile(path);
    paths.push(path);
  }
  await sharp(paths.slice(0, 4), { join: { animated: true } }).toFile(animation);
  return { frames, animation };
}

/** Video → preprocess → CLIP → projector → language model, tiny and random. */
const graph = {
  ...sketchDocument(
    {
      video: ['input/video', { frames: 3 }],
      preprocess: ['vision/preprocess'],
      encoder: [
        'encoder/clip-vit',
        {
          model: 'custom',
          imageSize: 32,
          patchSize: 16,
          hiddenSize: 32,
          layerCount: 2,
          headCount: 2,
        },
      ],
      projector: ['projector/mlp'],
      prompt: ['input/prompt', { text: 'What moves?' }],
      language: [
        'language/decoder',
        {
          model: 'custom',
          vocabularySize: 256,
          hiddenSize: 32,
          layerCount: 2,
          headCount: 2,
          keyValueHeadCount: 1,
          headSize: 16,
          feedForwardSize: 64,
          contextLength: 96,
          template: '<video>{prompt}',
          maxNewTokens: 4,
        },
      ],
      answer: ['output/answer'],
    },
    [
      'video.frames > preprocess.image',
      'preprocess.pixels > encoder.pixels',
      'encoder.tokens > projector.tokens',
      'projector.tokens > language.visual',
      'prompt.text > language.prompt',
      'language.answer > answer.answer',
    ],
  ),
  title: 'Clip',
};

async function goTo({ page }: App, folder: string): Promise<void> {
  const field = page.getByRole('dialog').getByLabel('Filter by name, or go to a path');
  await field.fill(folder);
  await field.press('Enter');
}

test('frames of a folder, then an animation, go through the graph', async ({ app }) => {
  const { page, inspector } = app;
  const { frames } = await makeClips(app.dataFolder);
  await app.importFile({
    name: 'clip.patchbay.json',
    mimeType: 'application/json',
    buffer: Buffer.from(JSON.stringify(graph)),
  });
  await app.card('Video').click();
  await expect(inspector.getByText('No clip. Drop an animated GIF or WebP here.')).toBeVisible();

  await inspector.getByRole('button', { name: 'Choose folder' }).click();
  await goTo(app, frames);
  await page.getByRole('dialog').getByRole('button', { name: 'Choose frames' }).click();
  await expect(inspector.getByRole('img', { name: 'First frame of frames' })).toBeVisible();
  await expect(inspector.getByText('32 × 24')).toBeVisible();
  await app.run();
  const { stages } = await app.report();
  const encoder = stages.find(({ id }) => id === 'encoder');
  expect(encoder?.tokensOut).toBe(3 * 4);

  await inspector.getByRole('button', { name: 'Choose file' }).click();
  await goTo(app, app.dataFolder);
  await page
    .getByRole('dialog')
    .getByRole('option', { name: /walk\.webp/ })
    .dblclick();
  await expect(inspector.getByRole('img', { name: 'First frame of walk.webp' })).toBeVisible();
  await app.run();
  await expect(app.card('Video')).toContainText('walk.webp · 3 frames');

  await inspector.getByRole('button', { name: 'No clip' }).click();
  await expect(app.card('Video')).toContainText('Choose a clip in the inspector');
});
