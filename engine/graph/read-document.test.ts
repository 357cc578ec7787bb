import { describe, expect, it } from 'vitest';
import { catalogue } from '#nodes/index.ts';
import { readPreset, presetIds } from '#host/presets.ts';
import { documentLimits, type GraphDocument } from '../contract/document.ts';
import { checkGraph } from './check.ts';
import { parseDocument, readDocument, writeDocument } from './read-document.ts';
import { sketchDocument } from './sketch-document.ts';

describe('a graph from the future', () => {
  /** Fields stand in another order than this version writes them, and many of them it does not know. */
  const text = `${JSON.stringify(
    {
      $schema: 'https://example.org/patchbay.json',
      version: 1,
      format: 'patchbay',
      theme: { dark: true },
      nodes: {
        constructor: {
          version: 1,
          params: { source: { kind: 'scene', seed: 7 }, mood: ['calm', null, 1e-7] },
          type: 'input/image',
          colour: 'teal',
        },
        tracker: { type: 'vision/tracker', version: 3, params: { window: 5 }, locked: true },
        newer: { type: 'output/answer', version: 2, params: {} },
      },
      layout: { newer: { y: 2, x: 1, width: 320 }, gone: { x: 0, y: 0 } },
      edges: [
        { to: { port: 'frames', node: 'tracker' }, from: { port: 'image', node: 'constructor' } },
        {
          from: { node: 'tracker', port: 'tracks' },
          to: { node: 'newer', port: 'tracks' },
          kind: 9,
        },
        { from: { node: 'constructor', port: 'depth' }, to: { node: 'nobody', port: 'depth' } },
      ],
      notes: [{ x: 1, y: 1, text: '', pinned: true }],
      title: 'From the future',
      about: '',
    },
    null,
    2,
  )}\n`;

  it('is written back byte for byte', () => {
    expect(writeDocument(read(text))).toBe(text);
  });

  it('says at each place what this version does not know', () => {
    const { problems } = checkGraph(read(text), catalogue);
    expect(problems.map(({ code, node, port, param }) => [code, node ?? port, param])).toEqual([
      ['param-unknown', 'constructor', 'mood'],
      ['node-unknown', 'tracker', undefined],
      ['node-newer', 'newer', undefined],
      ['wire-dangling', undefined, undefined],
    ]);
  });

  it('may begin with a byte order mark', () => {
    expect(read(`\uFEFF${text}`)).toEqual(read(text));
  });
});

it('every preset is written as this version writes it', async () => {
  for (const id of await presetIds()) {
    const preset = await readPreset(id);
    expect(preset.ok && checkGraph(preset.value, catalogue).problems, id).toEqual([]);
    expect(preset.ok && read(writeDocument(preset.value)), id).toEqual(preset.ok && preset.value);
  }
});

const sound = sketchDocument({ image: ['input/image'] });

describe('a file that is no graph', () => {
  it.each<[string, string, string, string]>([
    ['broken JSON', '{"format": "patchbay",', 'json-broken', 'The file is not valid JSON ('],
    ['empty', '', 'json-broken', 'The file is not valid JSON ('],
    ['a list', '[]', 'document-foreign', 'lacks "format": "patchbay"'],
    ['null', 'null', 'document-foreign', 'lacks "format": "patchbay"'],
    ['a workflow of another tool', '{"nodes":[],"links":[]}', 'document-foreign', 'not a Patchbay'],
    [
      'one of a newer Patchbay',
      JSON.stringify({ ...sound, version: 2 }),
      'document-newer',
      'format 2, known: 1); update Patchbay',
    ],
    [
      'too large',
      ' '.repeat(documentLimits.bytes + 1),
      'file-too-large',
      '17 MB long, at most 16 MB are read',
    ],
    [
      'nested without end',
      `{"format":"patchbay","x":${'['.repeat(1e5)}${']'.repeat(1e5)}}`,
      'document-invalid',
      'more than 32 deep',
    ],
    [
      'a number that would be saved as none',
      JSON.stringify({ ...sound, future: [1] }).replace('[1]', '[1e999]'),
      'document-invalid',
      'a number beyond what a computer reckons with',
    ],
  ])('%s', (_, text, code, says) => {
    const outcome = readDocument(text, catalogue);
    expect(outcome).toMatchObject({ ok: false, problems: [{ code, severity: 'error' }] });
    const message = outcome.ok ? '' : outcome.problems[0]?.message;
    expect(message).toContain(says);
    expect(message).toMatch(/\.$/);
  });
});

describe('a graph that breaks its schema', () => {
  const node = { type: 'input/image', version: 1, params: {} };
  /** Asked for its length, it throws. */
  const lengthy = { length: { toString: 1 } };
  it.each<[string, object, string | undefined, string]>([
    ['a version that is text', { version: '1' }, undefined, '"version"'],
    [
      'a version that is neither text nor number',
      { version: { toString: 1 } },
      undefined,
      '"version"',
    ],
    ['a version from before the first', { version: 0 }, undefined, '"version"'],
    ['no edges', { edges: undefined }, undefined, '"edges"'],
    ['a node without a type', { nodes: { b: { ...node, type: 7 } } }, 'b', '"nodes.b.type"'],
    ['a node of version 0', { nodes: { b: { ...node, version: 0 } } }, 'b', '"nodes.b.version"'],
    ['a node that is null', { nodes: { b: null } }, 'b', '"nodes.b"'],
    ['a node without parameters', { nodes: { b: { ...node, params: null } } }, 'b', 'params'],
    [
      'a node whose id has a space',
      { nodes: { 'my node': node } },
      'my node',
      'must be a letter followed by',
    ],
    ['a node far outside', { layout: { b: { x: 1e7, y: 0 } } }, 'b', '"layout.b.x"'],
    ['a title that only has a length', { title: lengthy }, undefined, '"title"'],
    ['wires that only have a length', { edges: lengthy }, undefined, '"edges"'],
    [
      'a type that only has a length',
      { nodes: { b: { ...node, type: lengthy } } },
      'b',
      '"nodes.b.type"',
    ],
    [
      'a wire without an end',
      { edges: [{ from: { node: 'a', port: 'b' } }] },
      undefined,
      'edges.0.to',
    ],
    [
      'too many nodes',
      { nodes: Object.fromEntries(Array.from({ length: 5001 }, (_, n) => [`n${n}`, node])) },
      undefined,
      '"nodes" is invalid: a graph may have at most 5000 nodes.',
    ],
  ])('is refused: %s', (_, change, where, says) => {
    const outcome = parseDocument({ ...sound, ...change }, catalogue);
    const problems = outcome.ok ? [] : outcome.problems;
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ code: 'document-invalid', severity: 'error' });
    expect(problems[0]?.node).toBe(where);
    expect(problems[0]?.message).toContain(says);
  });

  it('is refused: a node under a name that the schema does not look at', () => {
    const text = JSON.stringify(sound).replace('"nodes":{', '"nodes":{"__proto__":null,');
    const problem = { code: 'document-invalid', message: expect.stringContaining('"__proto__"') };
    expect(readDocument(text, catalogue)).toMatchObject({ ok: false, problems: [problem] });
  });

  it('names its first twenty breaks and no more', () => {
    const nodes = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`n${n}`, 'no node']));
    const outcome = parseDocument({ ...sound, nodes }, catalogue);
    expect(outcome.ok ? 0 : outcome.problems.length).toBe(20);
  });
});

function read(text: string): GraphDocument {
  const outcome = readDocument(text, catalogue);
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.problems));
  return outcome.value;
}
