/** What a run shows over the picture: patches kept, merged, tiles, at the node and below the row of its stage. */
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import type { App } from './app.ts';
import { expect, test } from './fixtures.ts';

const tower = {
  model: 'custom',
  imageSize: 128,
  patchSize: 8,
  hiddenSize: 32,
  layerCount: 3,
  headCount: 2,
};
const patches = 16 * 16;

/** Picture → ToMe inside one encoder, PruMerge behind another, tiles before a third; tiny and random. */
const graph = {
  ...sketchDocument(
    {
      image: ['input/image', { source: { kind: 'sample', name: 'landscape-lake' } }],
      preprocess: ['vision/preprocess'],
      encoder: ['encoder/clip-vit', { ...tower, featureLayer: -1 }],
      prune: ['compression/prumerge', { kept: 'outliers-and-spread', neighbours: 8 }],
      merging: ['compression/tome', { merged: '40' }],
      second: ['encoder/siglip', { ...tower, featureLayer: -1 }],
      tiles: ['vision/anyres-tiles'],
      third: ['encoder/clip-vit', tower],
    },
    [
      'image.image > preprocess.image',
      'preprocess.pixels > encoder.pixels',
      'encoder.tokens > prune.tokens',
      'encoder.queryKey > prune.queryKey',
      'preprocess.pixels > second.pixels',
      'merging.part > second.parts',
      'image.image > tiles.image',
      'tiles.pixels > third.pixels',
    ],
  ),
  title: 'Shown',
};

async function openGraph(app: App): Promise<void> {
  await app.importFile({
    name: 'shown.patchbay.json',
    mimeType: 'application/json',
    buffer: Buffer.from(JSON.stringify(graph)),
  });
}

test('a run shows over the picture what was kept, what merged and how it was cut', async ({
  app,
}) => {
  const { inspector, results } = app;
  await openGraph(app);
  await app.run();
  const { stages } = await app.report();
  const tokensOf = (id: string): number => stages.find((stage) => stage.id === id)?.tokensOut ?? 0;

  const seen = inspector.getByRole('region', { name: 'Seen in the last pass' });
  await app.card('PruMerge').click();
  const pruned = seen.getByRole('img', { name: /patches kept/ });
  // One more token gathers what was dropped.
  const kept = tokensOf('prune') - 1;
  await expect(pruned).toHaveAccessibleName(
    new RegExp(`^${kept} of ${patches} patches kept, \\d+ of them outliers, 8 merged into each$`),
  );
  const counted = /(\d+) of them outliers/.exec((await pruned.getAttribute('aria-label')) ?? '');
  await expect(pruned.locator('circle')).toHaveCount(Number(counted?.[1]));

  await expect(seen.getByRole('img', { name: /half of the attention/ })).toHaveAccessibleName(
    new RegExp(`^half of the attention is on \\d+ of ${patches} patches, paid by the class token$`),
  );

  // Small, below the row of the stage that is selected, and below no other.
  await expect(
    results.getByRole('img', { name: `${kept} of ${patches} patches kept` }),
  ).toHaveCount(1);
  const ports = inspector.getByRole('region', { name: 'Ports' });
  await expect(ports).toContainText(`${kept + 1} tokens measured`);

  await app.card('ToMe').click();
  await expect(seen.getByRole('img')).toHaveAccessibleName(
    new RegExp(`^${patches} patches in ${tokensOf('second')} tokens, \\d+ of them merged of 2`),
  );
  await expect(results.getByRole('figure')).toContainText('ToMe');
  await app.card('SigLIP').click();
  await expect(results.getByRole('figure')).toContainText('ToMe');

  await app.card('AnyRes tiles').click();
  await expect(
    seen
      .getByRole('list', { name: /tiles$/ })
      .getByRole('img')
      .first(),
  ).toHaveAccessibleName('tile in row 1, column 1');
  await expect(seen).toContainText(/\d tiles, \d × \d, and the whole picture\./);
});
