/** What plugs into a language model to guess ahead: what is refused, and what is taken from a configuration. */
import { describe, expect, it } from 'vitest';
import type { Json } from '#engine/contract/document.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import type { LanguageModelStep } from '#engine/node/host-step.ts';
import { planGraph } from '#engine/plan/plan.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { catalogue } from '../index.ts';

type Params = Readonly<Record<string, Json>>;

const small = {
  model: 'custom',
  vocabularySize: 97,
  hiddenSize: 32,
  layerCount: 3,
  headCount: 4,
  keyValueHeadCount: 2,
  headSize: 8,
  feedForwardSize: 48,
  contextLength: 64,
} as const;

function check(type: string, params: Params, language: Params = {}) {
  const document = sketchDocument(
    {
      prompt: ['input/prompt'],
      part: [type, params],
      language: ['language/decoder', { ...small, ...language }],
      answer: ['output/answer'],
    },
    [
      'prompt.text > language.prompt',
      'part.part > language.acceleration',
      'language.answer > answer.answer',
    ],
  );
  return checkGraph(document, catalogue);
}

function stepOf(type: string, params: Params, language: Params = {}): LanguageModelStep {
  const { stages } = valueOf(planGraph(check(type, params, language)));
  const body = stages.find(({ id }) => id === 'language')?.body;
  if (body?.kind !== 'host' || body.step.kind !== 'generate') throw new Error('No model.');
  return body.step;
}

describe('a draft model', () => {
  const draft = (params: Params) => check('acceleration/draft-model', { ...small, ...params });

  it('is built from its own architecture and weights, whatever those of the model', () => {
    const params = { ...small, layerCount: 1, hiddenSize: 16, draftLength: 6 };
    const { decoding, graphs } = stepOf('acceleration/draft-model', params);
    if (decoding.kind !== 'draft') throw new Error('No draft.');
    const { draftLength, reads } = decoding;
    expect({ draftLength, reads }).toEqual({ draftLength: 6, reads: 'words' });
    expect([decoding.graphs.hiddenSize, graphs.hiddenSize]).toEqual([16, 32]);
    expect([decoding.graphs.decoder.state, graphs.decoder.state]).toMatchObject([
      { length: 2 },
      { length: 6 },
    ]);
    const origins = [decoding.graphs, graphs].map(({ embed }) => embed.origins[0]?.node);
    expect(origins).toEqual(['part', 'language']);
  });

  it('with another vocabulary is refused, at the model that it plugs into', () => {
    expect(draft({ vocabularySize: 98 }).problems).toEqual([
      {
        severity: 'error',
        code: 'dimension-mismatch',
        node: 'language',
        port: 'acceleration',
        message:
          'The draft model knows 98 tokens, the language model 97; choose a draft model with the same tokenizer.',
      },
    ]);
  });

  it('of another width may read words, and no picture', () => {
    expect(draft({ hiddenSize: 16 }).problems).toEqual([]);
    expect(draft({ reads: 'words-and-picture' }).problems).toEqual([]);
    expect(draft({ hiddenSize: 16, reads: 'words-and-picture' }).problems).toEqual([
      {
        severity: 'error',
        code: 'dimension-mismatch',
        node: 'language',
        port: 'acceleration',
        message:
          'The visual tokens have 32 channels, the draft model reads tokens of 16; let it read words only, or choose a draft model of the same hidden size.',
      },
    ]);
  });

  it('that cannot be built says so itself', () => {
    expect(draft({ keyValueHeadCount: 3 }).problems).toMatchObject([
      { code: 'arrangement-unsupported', node: 'part', param: 'keyValueHeadCount' },
    ]);
  });

  it('takes its architecture from a configuration, as a language model does', () => {
    const config = {
      model_type: 'llama',
      vocab_size: 97,
      hidden_size: 32,
      intermediate_size: 48,
      num_hidden_layers: 3,
      num_attention_heads: 4,
      max_position_embeddings: 64,
    };
    const files = { 'config.json': config };
    const taken = catalogue['acceleration/draft-model'].fromConfig?.(files);
    expect(taken).toEqual(catalogue['language/decoder'].fromConfig?.(files));
    expect(taken).toMatchObject({ value: { params: { model: 'custom', vocabularySize: 97 } } });
  });
});

describe('an early exit', () => {
  it('cuts the layers in two segments and guesses by the first', () => {
    const { decoding, boundaries, graphs } = stepOf('acceleration/early-exit', {
      layer: 2,
      draftLength: 5,
    });
    const exit = { kind: 'early-exit', layer: 2, draftLength: 5 };
    expect([decoding, boundaries]).toEqual([exit, [exit]]);
    const { state } = graphs.decoder;
    const segments = state.map((tensor) => tensor.kind === 'key-value' && tensor.segment);
    expect(segments).toEqual([0, 0, 0, 0, 1, 1]);
  });

  it('behind the last layer is none: each token is written by itself', () => {
    const { decoding, boundaries } = stepOf('acceleration/early-exit', { layer: 3 });
    expect([decoding, boundaries]).toEqual([{ kind: 'plain' }, []]);
  });
});
