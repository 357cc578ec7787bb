/** Small graphs with random weights for tests, and the way to write them to a file. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { documentExtension, type GraphDocument, type Json } from '#engine/contract/document.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';

type Params = Readonly<Record<string, Json>>;

const tinyDecoder = {
  model: 'custom',
  vocabularySize: 256,
  hiddenSize: 32,
  layerCount: 2,
  headCount: 2,
  keyValueHeadCount: 1,
  headSize: 16,
  feedForwardSize: 64,
  contextLength: 64,
  template: '<image>{prompt}',
  maxNewTokens: 6,
} as const;

const tinyClip = {
  model: 'custom',
  imageSize: 32,
  patchSize: 16,
  hiddenSize: 32,
  layerCount: 2,
  headCount: 2,
  feedForwardSize: 64,
} as const;

const answered = ['prompt.text > language.prompt', 'language.answer > answer.answer'];

/** Prompt → language model → answer. */
export function decoderGraph(params: Params = {}, text = 'Say something.'): GraphDocument {
  return sketchDocument(
    {
      prompt: ['input/prompt', { text }],
      language: ['language/decoder', { ...tinyDecoder, ...params }],
      answer: ['output/answer'],
    },
    answered,
  );
}

/** Prompt → language model, for which another one guesses → answer. */
export function draftedGraph(): GraphDocument {
  const draft = { ...tinyDecoder, layerCount: 1, weights: { kind: 'random', seed: 5 } } as const;
  const { template: _, maxNewTokens: __, ...architecture } = draft;
  return sketchDocument(
    {
      prompt: ['input/prompt', { text: 'Say something.' }],
      draft: ['acceleration/draft-model', architecture],
      language: ['language/decoder', tinyDecoder],
      answer: ['output/answer'],
    },
    ['draft.part > language.acceleration', ...answered],
  );
}

/** Prompt → Mamba → answer. */
export function mambaGraph(): GraphDocument {
  const tiny = {
    model: 'custom',
    vocabularySize: 256,
    hiddenSize: 32,
    layerCount: 2,
    innerSize: 64,
    stateSize: 8,
    stepRank: 2,
    template: '{prompt}',
    maxNewTokens: 3,
  } as const;
  return sketchDocument(
    { prompt: ['input/prompt'], language: ['language/mamba', tiny], answer: ['output/answer'] },
    answered,
  );
}

/** Image → CLIP → projector → language model. */
export function llavaGraph(params: Params = {}): GraphDocument {
  return sketchDocument(
    {
      image: ['input/image'],
      preprocess: ['vision/preprocess'],
      encoder: ['encoder/clip-vit', tinyClip],
      projector: ['projector/mlp'],
      prompt: ['input/prompt'],
      language: ['language/decoder', { ...tinyDecoder, ...params }],
      answer: ['output/answer'],
    },
    [
      'image.image > preprocess.image',
      'preprocess.pixels > encoder.pixels',
      'encoder.tokens > projector.tokens',
      'projector.tokens > language.visual',
      ...answered,
    ],
  );
}

/** Image and prompt → OCR agent → CLIP → projector → language model. */
export function readingGraph(): GraphDocument {
  return sketchDocument(
    {
      image: ['input/image'],
      prompt: ['input/prompt'],
      agent: ['vision/ocr-agent'],
      preprocess: ['vision/preprocess', { geometry: 'pad' }],
      encoder: ['encoder/clip-vit', tinyClip],
      projector: ['projector/mlp'],
      language: ['language/decoder', { ...tinyDecoder, contextLength: 256 }],
      answer: ['output/answer'],
    },
    [
      'image.image > agent.image',
      'prompt.text > agent.question',
      'agent.pictures > preprocess.image',
      'preprocess.pixels > encoder.pixels',
      'encoder.tokens > projector.tokens',
      'projector.tokens > language.visual',
      'agent.text > language.prompt',
      'language.answer > answer.answer',
    ],
  );
}

/** One prompt for two models: the one that comes with the project and a tiny random one. */
export function twoModelsGraph(text: string): GraphDocument {
  const shapes = {
    model: 'shapes-llava',
    template: 'USER: {prompt} ASSISTANT:',
    maxNewTokens: 8,
    weights: { kind: 'checkpoint', folder: 'builtin:shapes-llava' },
  } as const;
  return sketchDocument(
    {
      prompt: ['input/prompt', { text }],
      shapes: ['language/decoder', shapes],
      tiny: ['language/decoder', tinyDecoder],
      told: ['output/answer'],
      noise: ['output/answer'],
    },
    [
      'prompt.text > shapes.prompt',
      'prompt.text > tiny.prompt',
      'shapes.answer > told.answer',
      'tiny.answer > noise.answer',
    ],
  );
}

/** The graph with other parameters at one of its nodes. */
export function withParams(document: GraphDocument, id: string, params: Params): GraphDocument {
  const node = document.nodes[id] as GraphDocument['nodes'][string];
  const changed = { ...node, params: { ...node.params, ...params } };
  return { ...document, nodes: { ...document.nodes, [id]: changed } };
}

export async function writeGraph(
  folder: string,
  name: string,
  document: GraphDocument,
): Promise<string> {
  const path = join(folder, name + documentExtension);
  await writeFile(path, JSON.stringify(document));
  return path;
}
