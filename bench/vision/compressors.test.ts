/** Every compressor stands in LLaVA-1.5, and every one of the catalogue is measured, or said why not. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checkGraph } from '#engine/graph/check.ts';
import { readDocument } from '#engine/graph/read-document.ts';
import { presetsFolder } from '#host/system/package-root.ts';
import { catalogue } from '#nodes/index.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { absent, compressors, withCompressor } from './compressors.ts';

const text = readFileSync(join(presetsFolder, 'llava-1.5-7b.patchbay.json'), 'utf8');
const preset = valueOf(readDocument(text, catalogue));

const visualTokensOf = (name: string): number => {
  const compressor = compressors[name];
  const document = compressor ? withCompressor(preset, compressor) : preset;
  const { nodes, problems } = checkGraph(document, catalogue);
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  const [wire] = nodes['language']?.inputs['visual'] ?? [];
  return wire?.kind === 'tokens' ? wire.count.tokens : 0;
};

it.each(Object.keys(compressors))('%s stands in LLaVA-1.5', (name) => {
  const prunes = name === 'fastv' || name === 'vtw';
  if (prunes) expect(visualTokensOf(name)).toBe(visualTokensOf('none'));
  else expect(visualTokensOf(name)).toBeLessThan(visualTokensOf('none'));
});

it('leaves the wires that it has nothing to do with', () => {
  const pooled = withCompressor(preset, compressors['average-pool']!);
  const led = pooled.edges.map(({ from, to }) => `${from.node} > ${to.node}`);
  expect(led).toContain('encoder > compressor');
  expect(led).toContain('compressor > projector');
  expect(led).not.toContain('encoder > projector');
  expect(pooled.edges).toHaveLength(preset.edges.length + 1);
});

it('knows every compression of the catalogue', () => {
  const known = new Set([
    ...Object.values(compressors).flatMap(({ nodes }) =>
      Object.values(nodes).map(([type]) => type),
    ),
    ...Object.keys(absent),
  ]);
  const compressions = Object.keys(catalogue).filter((type) => type.startsWith('compression/'));
  expect(compressions.filter((type) => !known.has(type))).toEqual([]);
});
