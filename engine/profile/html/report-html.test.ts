import { describe, expect, test } from 'vitest';
import { catalogue } from '#nodes/index.ts';
import type { GraphDocument } from '../../contract/document.ts';
import type { Report } from '../../contract/report.ts';
import { sketchDocument } from '../../graph/sketch-document.ts';
import { sampleModel, sampleReport, sampleStage } from '../sample-report.testing.ts';
import { openTags, rowsOf, wordsOf } from './read-page.testing.ts';
import { reportHtml } from './report-html.ts';

const hostile = `<script>alert("x")</script> & 'more' <img src=//else.where/a.png onerror=go()>`;

const memory = {
  weightsBytes: 2_000_000,
  peakBytes: 3_500_000,
  stateBytes: 500_000,
  kvBytes: 500_000,
};
const interval = { from: 29.4, to: 30.6, certainty: 0.96 };
const stages = [
  sampleStage('encoder', {
    title: 'CLIP ViT',
    precision: 'float32',
    weights: 'checkpoint',
    latencyMs: { median: 30, deviation: 0.3, interval, p95: 31.2, runs: 20 },
    memory,
    tokensIn: 16,
    tokensOut: 15,
  }),
  sampleStage('projector', { type: 'projector/mlp', title: hostile, medianMs: 10 }),
  sampleStage('language/decode', {
    type: 'language/decoder',
    title: 'Language model',
    phase: 'decode',
    medianMs: 50,
    memory,
  }),
  sampleStage('answer', { type: 'output/answer', title: 'Answer' }),
];

const report: Report = {
  ...sampleReport(stages, { wallMs: 100, peakBytes: 4_000_000, decodeTokensPerSecond: 81.25 }, [
    sampleModel('language', {
      title: 'Language model',
      answer: { text: `A ${hostile}`, tokenIds: [1, 2] },
      answers: [{ text: `A ${hostile}`, tokenIds: [1, 2], writingMs: 5 }],
      decodeTokensPerSecond: 81.25,
      hasRandomWeights: true,
    }),
  ]),
  graph: `Graph ${hostile}`,
  machine: {
    platform: 'linux x64',
    cpu: 'A processor & more',
    cores: 4,
    threads: 8,
    memoryBytes: 16e9,
    node: '22.1.0',
    onnxRuntime: '1.30.0',
    patchbay: '0.1.0',
  },
  options: { runs: 20, seed: 7 },
  noise: { othersShare: 0.4, swappedBytes: null, clockMHz: null },
  problems: [{ code: 'stage-failed', severity: 'warning', message: hostile, node: 'projector' }],
};

const sketch = sketchDocument(
  {
    encoder: ['encoder/clip-vit'],
    projector: ['projector/mlp'],
    language: ['language/decoder'],
    answer: ['output/answer'],
  },
  [
    'encoder.tokens > projector.tokens',
    'projector.tokens > language.visual',
    'language.answer > answer.answer',
  ],
);
const document: GraphDocument = {
  ...sketch,
  about: hostile,
  nodes: { ...sketch.nodes, projector: { ...sketch.nodes['projector']!, title: hostile } },
  layout: {
    encoder: { x: 0, y: 0 },
    projector: { x: 300, y: 0 },
    language: { x: 0, y: 400 },
    answer: { x: 300, y: 400 },
  },
};

const saved = { report, document, startedAt: '2026-07-01T14:02:11.345Z', catalogue };
const page = reportHtml(saved);

describe('a saved report', () => {
  test('closes what it opens, and holds nothing that runs or is fetched', () => {
    const tags = openTags(page);
    const names = new Set(tags.map(({ name }) => name));
    for (const name of ['script', 'link', 'img', 'iframe', 'object', 'embed', 'base', 'form', 'a'])
      expect(names).not.toContain(name);
    const attributes = tags.flatMap((tag) => Object.entries(tag.attributes));
    expect(attributes.filter(([name]) => /^on|^src|href/.test(name))).toEqual([]);
    expect(attributes.filter(([, value]) => /url\((?!#)|https?:|javascript:/.test(value))).toEqual(
      [],
    );
    expect(page).not.toMatch(/url\((?!#hatch\))|@import|https?:\/\//);
    const policy = tags.find(({ attributes: { content = '' } }) =>
      content.startsWith('default-src'),
    );
    expect(policy?.attributes['content']).toBe("default-src 'none'; style-src 'unsafe-inline'");
  });

  test('shows words of others as words, wherever they stand', () => {
    expect(page).not.toContain('<script');
    expect(page).not.toContain('<img');
    const words = wordsOf(page);
    for (const whole of [
      `Graph ${hostile}`,
      `A ${hostile}`,
      `Language model`,
      'A processor & more',
    ])
      expect(words).toContain(whole);
    // Title of the page and heading; about; row and card of the projector; answer; the problem.
    expect(words.filter((text) => text.includes('<script>')).length).toBeGreaterThanOrEqual(7);
  });

  test('has every stage once, with the figures as the app shows them', () => {
    expect(rowsOf(page, 'Stages in the order in which they run')).toEqual([
      ['CLIP ViT', 'float32 · checkpoint', '30.0 ms ±2.0 %', '31.2 ms', '3.50 MB', '16 → 15', ''],
      [hostile, '–', '10.0 ms', '–', '0 B', '–', ''],
      ['Language model · decode', '–', '50.0 ms', '–', '3.50 MB', '–', ''],
      ['Answer', '–', 'not measured', '–', '–', '–', ''],
      ['Whole pass', '', '100 ms', '', '4.00 MB', '', ''],
    ]);
    expect(rowsOf(page, 'Memory of the stages')[0]).toEqual([
      'CLIP ViT',
      '2.00 MB',
      '500 kB',
      '1.00 MB',
      '3.50 MB',
      '',
    ]);
  });

  test('draws the waterfall in the hues of families, one bar behind the other', () => {
    const bars = openTags(page).filter(({ attributes: { style = '' } }) =>
      style.startsWith('fill:var(--'),
    );
    const places = bars.flatMap(({ attributes: { x, width, style } }) =>
      x?.endsWith('%') === true ? [[x, width, style]] : [],
    );
    expect(places.slice(0, 4)).toEqual([
      ['0%', '30%', 'fill:var(--encoder)'],
      ['30%', '10%', 'fill:var(--projector)'],
      ['40%', '50%', 'fill:var(--language)'],
      ['90%', '10%', 'fill:var(--third-ink)'],
    ]);
  });

  test('says how sure figures are, what disturbed them, and how they came about', () => {
    const words = wordsOf(page).join('\n');
    expect(words).toContain('certainty of at least 96 %');
    expect(words).toContain('Other programs took 40% of the processors');
    expect(words).toContain('Random weights: these words mean nothing.');
    expect(words).toContain('2026-07-01 14:02:11 UTC');
    expect(rowsOf(page, 'Options').slice(0, 6)).toEqual([
      ['Timed passes', '20'],
      ['Threads of ONNX Runtime', 'one a core'],
      ['Priority', 'normal'],
      ['Memory allowed', 'what the machine has'],
      ['Most new tokens', 'as the graph says'],
      ['Seed', '7'],
    ]);
    expect(rowsOf(page, 'Machine and versions')).toContainEqual(['ONNX Runtime', '1.30.0']);
  });

  test('pictures the graph: each node at its place with what it took, each wire from port to port', () => {
    const tags = openTags(page);
    const cards = tags.filter(
      ({ name, attributes }) => name === 'svg' && attributes['width'] === '208',
    );
    expect(cards.map(({ attributes: { x, y } }) => [x, y])).toEqual([
      ['0', '0'],
      ['300', '0'],
      ['0', '400'],
      ['300', '400'],
    ]);
    const wires = tags.filter(({ name }) => name === 'path');
    expect(wires.map(({ attributes: { style } }) => style)).toEqual([
      'stroke:var(--encoder)',
      'stroke:var(--projector)',
      'stroke:var(--output)',
    ]);
    expect(wires[0]?.attributes['d']).toMatch(/^M208,\d+ C\d+,\d+ \d+,\d+ 300,\d+$/);
    // From the projector back to the language model, which lies to its left: between the rows of cards.
    expect(wires[1]?.attributes['d']).toMatch(/^M508,\d+ H\d+ Q530,.* H0$/);
  });
});

test('operators of a profiled run stand by kind, the costliest first', () => {
  const operator = (kind: string, profiledMs: number) => ({
    part: '',
    name: kind,
    kind,
    calls: 2,
    profiledMs,
    inputs: [],
    outputs: [],
    bytesPerCall: 1000,
  });
  const operators = [{ stage: 'encoder', operators: [operator('Add', 1), operator('MatMul', 3)] }];
  expect(
    rowsOf(reportHtml({ ...saved, report: { ...report, operators } }), 'CLIP ViT, 30.0 ms'),
  ).toEqual([
    ['MatMul', '2', '22.5 ms', '75 %', '2.00 kB', ''],
    ['Add', '2', '7.50 ms', '25 %', '2.00 kB', ''],
  ]);
});

test('a run that never began says why, without tables or a picture of a graph that nobody knows', () => {
  const refused = { ...sampleReport([]), problems: report.problems };
  const text = reportHtml({ report: refused, document: null, startedAt: null, catalogue });
  const names = openTags(text).map(({ name }) => name);
  expect(names).not.toContain('table');
  expect(wordsOf(text)).toContain(`projector: ${hostile}`);
});
