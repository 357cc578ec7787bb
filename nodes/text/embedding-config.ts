/** The embedding table that a published config.json describes: a language model's, or BERT's. */
import { z } from 'zod';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { ConfigFiles } from '#engine/contract/config-files.ts';
import type { TakenConfig } from '#engine/node/taken-config.ts';
import { configFile, modelTypeOf, readFigures } from '../config/published-config.ts';
import { decoderFromConfig } from '../language/decoder-config.ts';

const bertSchema = z.object({
  vocab_size: z.int().default(30_522),
  hidden_size: z.int().default(768),
});

export function embeddingFromConfig(files: ConfigFiles): Outcome<TakenConfig> {
  const file = configFile(files, 'config.json');
  if (!file.ok) return file;
  return modelTypeOf(file.value) === 'bert' ? bertTable(files) : decoderTable(files);
}

function bertTable(files: ConfigFiles): Outcome<TakenConfig> {
  const figures = readFigures(bertSchema, files['config.json'] ?? {}, 'config.json');
  if (!figures.ok) return figures;
  const { vocab_size: vocabularySize, hidden_size: hiddenSize } = figures.value;
  const isBase = vocabularySize === 30_522 && hiddenSize === 768;
  return taken(
    'BERT',
    isBase ? { model: 'bert-base' } : { model: 'custom', vocabularySize, hiddenSize, scale: 1 },
  );
}

function decoderTable(files: ConfigFiles): Outcome<TakenConfig> {
  const decoder = decoderFromConfig(files);
  if (!decoder.ok) return decoder;
  const { model, vocabularySize, hiddenSize, embeddingScale } = decoder.value.params;
  const title = decoder.value.took[0] ?? 'language model';
  if (model !== 'custom') return taken(title, { model: model ?? 'custom' });
  return taken(title, {
    model,
    vocabularySize: vocabularySize ?? null,
    hiddenSize: hiddenSize ?? null,
    scale: embeddingScale ?? 1,
  });
}

function taken(title: string, params: TakenConfig['params']): Outcome<TakenConfig> {
  return ok({ params, took: [`${title}'s table of tokens`], file: 'config.json' });
}
