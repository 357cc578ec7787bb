/** The page keeps the sections that are not measured anew. */
import { format } from 'prettier';
import { expect, it } from 'vitest';
import { compressorSection, encoderSection, visionPage } from './document.ts';

const command = 'npm run bench:vision';

const encoder = {
  size: 'S',
  visualTokens: 64,
  parameters: 4.95e6,
  latencyMs: 50,
  peakBytes: 94e6,
  flops: 4e9,
  product: { places: 256, inputs: 240, outputs: 480 },
  productFlopsPerSecond: 160e9,
  share: 0.5,
  operators: [{ op: 'Conv', share: 0.75 }],
};

it('marks an encoder that is held back, and says by what', () => {
  const section = encoderSection(
    { 'encoder/small': { measured: encoder }, 'encoder/other': { reason: 'It is too large.' } },
    command,
  );
  expect(section).toMatch(/\| +4\.00 \| +80\.0 \| 256 × 240 × 480 +\| +160 \| +\*\*50%\*\* \|/);
  expect(section).toMatch(/\| `encoder\/small` \| Conv 75% \|( {5}\|){4}/);
  expect(section).toContain('- `encoder/other`: It is too large.');
});

const prefill = (part: number) => ({
  visualTokens: 576 * part,
  keptTokens: 576 * part,
  prefillMs: 8000 * part,
  timeToFirstTokenMs: 20_000 * part,
  keyValueBytes: 4e8 * part,
});

it('sets a compressor beside the model without it and what its paper claims', () => {
  const section = compressorSection(
    {
      presetTitle: 'LLaVA',
      plain: prefill(1),
      drift: 0.02,
      rows: { half: { measured: { ...prefill(0.5), keptTokens: 144 } } },
    },
    {
      half: {
        title: 'Half',
        nodes: {},
        wires: [],
        claim: { says: '50% fewer', source: 'the paper' },
      },
    },
    command,
  );
  expect(section).toMatch(/\| Half +\| +288, then 144 \|/);
  expect(section).toMatch(/\(50%\) \| 50% fewer \(the paper\) +\|/);
});

it('is laid out as Prettier would', async () => {
  const rows = { 'encoder/small': { measured: encoder }, 'encoder/other': { reason: 'No.' } };
  const text = visionPage('', { encoders: encoderSection(rows, command) });
  expect(await format(text, { parser: 'markdown', printWidth: 100 })).toBe(text);
});

it('writes the sections in their order and keeps those that are not new', () => {
  const first = visionPage('', { compressors: '## Compressors\n\nold' });
  const both = visionPage(first, { encoders: '## Encoders\n\nnew' });
  expect(both.indexOf('## Encoders')).toBeLessThan(both.indexOf('## Compressors'));
  expect(both).toContain('old');
  expect(visionPage(both, { compressors: '## Compressors\n\nnewer' })).not.toContain('old');
});
