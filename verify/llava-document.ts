/** A recorded LLaVA model as a graph, the way a user would wire it. */
import { join } from 'node:path';
import type { GraphDocument, Json } from '#engine/contract/document.ts';
import type { DecoderArchitecture } from '#nodes/language/decoder-architecture.ts';
import { towerParams } from './check-encoder.ts';
import type { RecordedCase } from './recorded-case.ts';

type Config = Readonly<Record<string, Json>>;

export function llavaDocument(
  recorded: RecordedCase,
  architecture: DecoderArchitecture,
  processor: Config,
): GraphDocument {
  const { config, folder, images = [], prompt = '', outputs } = recorded;
  const vision = config['vision_config'] as Config;
  const clip = vision['model_type'] === 'clip_vision_model';
  const weights = { kind: 'checkpoint', folder } as const;
  const size = processor['size'] as Readonly<Record<string, number>>;
  const node = (type: string, params: Config) => ({ type, version: 1, params });
  const edge = (from: string, to: string) => ({ from: portRef(from), to: portRef(to) });
  return {
    format: 'patchbay',
    version: 1,
    title: recorded.name,
    about: '',
    nodes: {
      image: node('input/image', { source: { kind: 'file', path: join(folder, images[0] ?? '') } }),
      preprocess: node('vision/preprocess', {
        geometry: clip ? 'crop' : 'squash',
        normalisation: clip ? 'clip' : 'half',
        ...(clip ? { resizeTo: size['shortest_edge'] ?? null } : {}),
      }),
      encoder: node(clip ? 'encoder/clip-vit' : 'encoder/siglip', {
        model: 'custom',
        ...towerParams(vision),
        weights,
      }),
      projector: node('projector/mlp', { weights }),
      prompt: node('input/prompt', { text: '' }),
      language: node('language/decoder', {
        model: 'custom',
        ...architecture,
        weights,
        template: `${prompt}{prompt}`,
        maxNewTokens: outputs.get('greedy_ids')?.shape.at(-1) ?? 1,
        stopAtEndOfText: false,
      }),
      answer: node('output/answer', {}),
    },
    edges: [
      edge('image.image', 'preprocess.image'),
      edge('preprocess.pixels', 'encoder.pixels'),
      edge('encoder.tokens', 'projector.tokens'),
      edge('projector.tokens', 'language.visual'),
      edge('prompt.text', 'language.prompt'),
      edge('language.answer', 'answer.answer'),
    ],
    layout: {},
    notes: [],
  };
}

function portRef(text: string): { node: string; port: string } {
  const [node = '', port = ''] = text.split('.');
  return { node, port };
}
