/** P2G's agent for text: what is written in a picture, said in words with places, and cut out to be seen larger. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import type { ReadTextStep } from '#engine/node/host-step.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { viewsIn } from '#engine/node/wire.ts';

/** On a photograph with a sign or two. */
const commonCrops = 2;

/** As language data is named; nothing else becomes part of a path. */
const languageName = /^[a-z]{3}(_[a-z]{3,8}){0,2}$/i;

/** What lies anywhere is in no blocks. */
const regionsOf = ({ lies, regions }: Pick<ReadTextStep, 'lies' | 'regions'>) =>
  lies === 'page' ? regions : 'line';

export const ocrAgent = defineNode({
  type: 'vision/ocr-agent',
  version: 1,
  family: 'vision',
  title: 'OCR agent (P2G)',
  about:
    'An encoder of a few hundred pixels a side cannot read small letters. This agent reads them beforehand with Tesseract, ' +
    'an engine made for text: it says what is written where, behind the question, and cuts out the lines that share words ' +
    'with the question, or else those with the most text, as pictures of their own. The language model gets the whole ' +
    'picture, the words and the crops. Each crop costs as many visual tokens as a picture, and the reading takes about a ' +
    'second. The paper teaches its model to ask the agent for what it needs; here the words of the question decide.',
  references: [
    {
      title: 'Plug-and-Play Grounding of Reasoning in Multimodal Large Language Models',
      url: 'https://arxiv.org/abs/2403.19322',
    },
  ],
  params: {
    mostCrops: {
      kind: 'integer',
      label: 'Crops, most',
      help: 'No more regions are cut out.',
      default: 4,
      min: 1,
      max: 16,
    },
    lies: {
      kind: 'choice',
      label: 'Text lies',
      help: 'How Tesseract looks for it.',
      default: 'scattered',
      options: [
        { value: 'scattered', label: 'Anywhere', about: 'Signs, labels and buttons in any place.' },
        { value: 'page', label: 'As on a page', about: 'Paragraphs and columns in their order.' },
      ],
    },
    regions: {
      kind: 'choice',
      label: 'Regions',
      help: 'What is said and cut out as one.',
      default: 'line',
      options: [
        { value: 'line', label: 'Lines', about: 'Each line by itself.' },
        { value: 'block', label: 'Blocks', about: 'Lines that belong together, as paragraphs do.' },
      ],
      shownWhen: { param: 'lies', is: ['page'] },
    },
    margin: {
      kind: 'number',
      label: 'Margin',
      help: 'What is cut out around a region, as a share of its shorter side.',
      default: 0.5,
      min: 0,
      max: 10,
    },
    mostSaid: {
      kind: 'integer',
      label: 'Regions said, most',
      help: 'No more regions are said in words, besides those that are cut out; those that matter most stay.',
      default: 24,
      min: 1,
      max: 1000,
    },
    leastConfidence: {
      kind: 'integer',
      label: 'Confidence, least',
      help: 'Words of which Tesseract is less sure are left out.',
      default: 60,
      min: 0,
      max: 100,
      unit: '%',
    },
    enlarge: {
      kind: 'integer',
      label: 'Enlarge',
      help: 'Letters lower than about 20 pixels are read better at twice their size; that takes longer.',
      default: 1,
      min: 1,
      max: 4,
      unit: '×',
    },
    language: {
      kind: 'text',
      label: 'Language',
      help: 'As Tesseract names it; English (eng) comes along, others are read from installed packages of language data.',
      default: 'eng',
      maxCharacters: 24,
      lines: 1,
    },
  },
  inputs: {
    image: { kind: 'image', title: 'Image' },
    question: { kind: 'text', title: 'Question', optional: true },
  },
  outputs: {
    text: { kind: 'text', title: 'Question and words' },
    pictures: { kind: 'image', title: 'Picture and crops' },
  },
  infer({ params: { mostCrops, language }, inputs: { image } }) {
    if (!languageName.test(language)) {
      const message = `"${language}" is no name of a language as Tesseract has them; write eng, deu or chi_sim.`;
      return fail(error('param-invalid', message, { param: 'language' }));
    }
    const { pictures } = image;
    if (
      pictures &&
      (pictures.media === 'video' || !pictures.known || viewsIn({ views: pictures }) > 1)
    ) {
      const message =
        'Text is read in one picture; wire a single picture to it, and frames to Preprocess.';
      return fail(error('arrangement-unsupported', message, { port: 'image' }));
    }
    const [views, most] = [1 + Math.min(commonCrops, mostCrops), 1 + mostCrops];
    const seen = { known: false, views, most, items: views, mostItems: most } as const;
    return ok({
      outputs: {
        text: { kind: 'text' },
        pictures: { kind: 'image', width: null, height: null, pictures: seen },
      },
    });
  },
  summary: (values) => `up to ${values.mostCrops} ${regionsOf(values)}s · ${values.language}`,
  shows: [{ kind: 'views', port: 'pictures' }],
  body: {
    kind: 'host',
    step: ({ params, wired }) => ({
      kind: 'read-text',
      ...params,
      regions: regionsOf(params),
      marksPictures: wired.has('pictures'),
    }),
  },
});
