/** Token ids to vectors, by a table of their own or by that of a language model. */
import { ok } from '#engine/contract/outcome.ts';
import { decimal, modelParam, size } from '#engine/node/architecture-params.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { embedIds } from '#engine/onnx/blocks/embedding.ts';
import { multiply } from '#engine/onnx/operators.ts';
import { publishedDecoderOptions, publishedDecoders } from '../language/published-decoders.ts';
import { embeddingFromConfig } from './embedding-config.ts';
import { embeddingLayouts, tableName } from './embedding-names.ts';

interface TableShape {
  readonly vocabularySize: number;
  readonly hiddenSize: number;
  readonly scale: number;
}

interface PublishedTable extends TableShape {
  readonly label: string;
}

/** Those of language models are theirs, whoever else uses them. */
const published: Readonly<Record<string, PublishedTable>> = {
  'bert-base': { label: 'BERT base', vocabularySize: 30_522, hiddenSize: 768, scale: 1 },
  ...Object.fromEntries(
    publishedDecoderOptions.map(({ value, label }) => {
      const { vocabularySize, hiddenSize, embeddingScale } = publishedDecoders[value];
      return [value, { label, vocabularySize, hiddenSize, scale: embeddingScale }];
    }),
  ),
};

const params = {
  model: modelParam(published, 'bert-base'),
  vocabularySize: size('Vocabulary', 'Tokens the table knows.', 30_522, 1_000_000),
  hiddenSize: size('Width', 'Channels of a token.', 768, 65_536),
  scale: decimal('Scale', 'Every vector is multiplied by this (Gemma: √width).', 1, 1e-6, 1e6),
  ...weightParams,
} as const;

function shapeOf(values: ParamValues<typeof params>): TableShape {
  return values.model === 'custom' ? values : (published[values.model] as PublishedTable);
}

export const embedding = defineNode({
  type: 'text/embedding',
  version: 1,
  family: 'text',
  title: 'Text embedding',
  about:
    'Looks up the learned vector of each token. The table may be that of a language model, so that what is steered by the ' +
    "text sees words as the language model does; or BERT's word table, as text encoders begin with.",
  references: [
    {
      title: 'LLaMA-VID: An Image is Worth 2 Tokens in Large Language Models',
      url: 'https://arxiv.org/abs/2311.17043',
    },
  ],
  params,
  inputs: { ids: { kind: 'token-ids', title: 'Token ids' } },
  outputs: { embeddings: { kind: 'text-embeddings', title: 'Text embeddings' } },
  fromConfig: embeddingFromConfig,
  keyLayouts: () => embeddingLayouts,
  demand: ({ params: values }) => ({ ids: { vocabularySize: shapeOf(values).vocabularySize } }),
  infer({ params: values, inputs: { ids } }) {
    const channels = shapeOf(values).hiddenSize;
    return ok({ outputs: { embeddings: { kind: 'text-embeddings', count: ids.count, channels } } });
  },
  summary: (values) => {
    const { vocabularySize, hiddenSize } = shapeOf(values);
    return published[values.model]?.label ?? `custom · ${vocabularySize} × ${hiddenSize}`;
  },
  body: {
    kind: 'onnx',
    emit(g, { ids }, { params: values }) {
      const { scale, ...shape } = shapeOf(values);
      const vectors = embedIds(g, ids, { ...shape, embedding: tableName }); // [1, N, D]
      return {
        embeddings: scale === 1 ? vectors : multiply(g, vectors, g.scalar('float32', scale)),
      };
    },
  },
});
