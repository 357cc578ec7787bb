import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { estimateGraph } from '#engine/estimate/estimate.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { readDocument } from '#engine/graph/read-document.ts';
import { catalogue } from '#nodes/index.ts';
import { projectModels } from '#renderer/canvas/flow/projection.ts';
import { fittingText } from './fitting-text.ts';

test('a label too long for its place is cut between words, and no word is cut', () => {
  const name = "Last layer's queries and keys";
  const cuts = Array.from({ length: 200 }, (_, widthPx) =>
    fittingText(name, { widthPx, fontPx: 11.5 }),
  );
  expect([...new Set(cuts)]).toEqual([
    '',
    'Last…',
    "Last layer's…",
    "Last layer's queries…",
    "Last layer's queries and…",
    name,
  ]);
});

test('the line below a title keeps the precision, whatever else has to go', async () => {
  const preset = await readFile('presets/moe-llava-stablelm.patchbay.json', 'utf8');
  const document = readDocument(preset, catalogue);
  if (!document.ok) throw new Error('The preset can be read.');
  const checked = checkGraph(document.value, catalogue);
  const estimate = estimateGraph(checked);
  if (!estimate.ok) throw new Error('The preset can be estimated.');
  const { cards } = projectModels({ checked, problems: [], estimate: estimate.value });
  const shown = cards.filter(({ summary, shortSummary }) => summary !== shortSummary);
  expect(Object.fromEntries(shown.map((card) => [card.summary, card.shortSummary]))).toEqual({
    'ViT-L/14, 336 px · layer -2 · float32': 'ViT-L/14… · float32',
    'StableLM-2 1.6B · int4, block 128': 'StableLM-2 1.6B · int4',
    '4 experts · top 2 · layers: every-second · int4, block 128': '4 experts · top 2… · int4',
  });
});
