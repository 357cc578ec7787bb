import { expect, test } from 'vitest';
import { catalogue } from '#nodes/index.ts';
import { mayOpenOutside, outsideHosts } from './outside-hosts.ts';

test('The references of all nodes can be opened, and no other host but that of the canvas', () => {
  const references = Object.values(catalogue).flatMap((definition) => definition.references);
  expect(references.map(({ url }) => url).filter((url) => !mayOpenOutside(url))).toEqual([]);
  const named = new Set(references.map(({ url }) => new URL(url).host));
  // Presets name their code by its repository alone.
  expect([...named, 'github.com', 'reactflow.dev'].toSorted()).toEqual(outsideHosts.toSorted());
});

test('What only looks like one of them is not opened', () => {
  const addresses = [
    'http://arxiv.org/abs/2304.08485',
    'https://arxiv.org.example.org/',
    'https://example.org/arxiv.org',
    'https://arxiv.org@example.org/',
    'https://arxiv.org:8443/',
    'https://someone:secret@arxiv.org/',
    'https://xn--arxv-bpa.org/',
    'file:///etc/passwd',
    'ms-settings:display',
    'arxiv.org',
  ];
  expect(addresses.filter(mayOpenOutside)).toEqual([]);
});
