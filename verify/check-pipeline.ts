/**
 * Recorded LLaVA models, checked three times: what the processor makes of the raw picture and prompt, the
 * model on exactly the recorded inputs, and the whole way as a graph, from the picture's file to the answer.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { GraphDocument, Json } from '#engine/contract/document.ts';
import type { RunEvent } from '#engine/contract/run-event.ts';
import { knownCount } from '#engine/node/wire.ts';
import { clipVit } from '#nodes/encoder/clip-vit.ts';
import { siglip } from '#nodes/encoder/siglip.ts';
import type { DecoderArchitecture } from '#nodes/language/decoder-architecture.ts';
import { mlp } from '#nodes/projector/mlp.ts';
import { decodeImage } from '#host/images/decode-image.ts';
import { preprocess } from '#host/images/preprocess.ts';
import { executeRun } from '#host/runs/execute-run.ts';
import { CancelSwitch } from '#host/sessions/progress.ts';
import { buildPrompt } from '#host/text/prompt.ts';
import { openTokenizer } from '#host/text/tokenizer.ts';
import { runTower, towerParams } from './check-encoder.ts';
import { recipeFrom } from './check-preprocess.ts';
import { runTokens } from './check-projector.ts';
import { compareFloats, compareWholes, type Comparison } from './comparison.ts';
import { llavaDocument } from './llava-document.ts';
import { architectureOf } from './node-params.ts';
import type { RecordedCase, RecordedTensor } from './recorded-case.ts';
import { continueGreedily, openLanguageModel, joinPieces } from './recorded-language-model.ts';
import type { CaseCheck } from './case-check.ts';
import type { Workbench } from './workbench.ts';

type Config = Readonly<Record<string, Json>>;

export const checkLlava: CaseCheck = async (recorded, workbench) => {
  const { config, folder } = recorded;
  const architecture = architectureOf(config);
  if (typeof architecture === 'string') return { unsupported: architecture };
  const processor = JSON.parse(
    await readFile(join(folder, 'preprocessor_config.json'), 'utf8'),
  ) as Config;
  const prepared = await checkInputs(recorded, processor);
  if (!prepared.ok) return prepared;
  const model = await checkModel(recorded, architecture, workbench);
  if (!model.ok) return model;
  const document = llavaDocument(recorded, architecture, processor);
  const whole = await checkWholeWay(recorded, document, workbench);
  return whole.ok ? ok([...prepared.value, ...model.value, ...whole.value]) : whole;
};

async function checkInputs(
  recorded: RecordedCase,
  processor: Config,
): Promise<Outcome<readonly Comparison[]>> {
  const { folder, inputs, images = [], prompt = '', config } = recorded;
  const recipe = recipeFrom(processor);
  if (!recipe.ok) return recipe;
  const picture = await decodeImage(join(folder, images[0] ?? ''));
  if (!picture.ok) return picture;
  const pixels = preprocess(picture.value, recipe.value);
  const tokenizer = await openTokenizer(folder);
  if (!tokenizer.ok) return tokenizer;
  // The recorded prompt is rendered already: with the marker, it is a template without a question.
  const template = `${prompt}{prompt}`;
  const built = buildPrompt({
    tokenizer: tokenizer.value,
    template,
    chat: null,
    prompt: '',
    hasImage: true,
  });
  if (!built.ok) return built;
  const ids = Array.from((inputs.get('input_ids') as RecordedTensor).data);
  const image = Number(config['image_token_index']);
  const visual = ids.filter((id) => id === image);
  const computed = [...built.value.before, ...visual, ...built.value.after];
  const pixelAtol = recorded.pixel_atol ?? recorded.atol;
  return ok([
    compareFloats('pixel_values', pixels, inputs.get('pixel_values') as RecordedTensor, pixelAtol),
    compareWholes('input_ids', computed, ids),
  ]);
}

/** The model on exactly the recorded pixels and ids. */
async function checkModel(
  recorded: RecordedCase,
  architecture: DecoderArchitecture,
  workbench: Workbench,
): Promise<Outcome<readonly Comparison[]>> {
  const { config, folder, inputs, outputs, atol } = recorded;
  const features = await imageFeatures(recorded, architecture, workbench);
  if (!features.ok) return features;
  const model = await openLanguageModel({ architecture, folder, taps: [] }, workbench);
  if (!model.ok) return model;

  const ids = Array.from((inputs.get('input_ids') as RecordedTensor).data);
  const image = Number(config['image_token_index']);
  const start = ids.indexOf(image);
  const words = await model.value.embed(ids.map((id) => (id === image ? 0 : id)));
  words.set(features.value, start * architecture.hiddenSize);
  const results = joinPieces(await model.value.begin(words, [], 'all', 0));
  const logits = results['logits']?.data as Float32Array;
  const expected = (name: string) => outputs.get(name) as RecordedTensor;
  const steps = expected('greedy_ids').shape.at(-1) ?? 0;
  const last = logits.subarray(logits.length - architecture.vocabularySize);
  const greedy = await continueGreedily(model.value, last, steps);
  return ok([
    compareFloats('image_features', features.value, expected('image_features'), atol),
    compareFloats('logits', logits, expected('logits'), atol),
    compareFloats('step_logits', greedy.logits, expected('step_logits'), atol),
    compareWholes('greedy_ids', greedy.ids, Array.from(expected('greedy_ids').data)),
  ]);
}

async function imageFeatures(
  { config, folder, inputs }: RecordedCase,
  { hiddenSize }: DecoderArchitecture,
  workbench: Workbench,
): Promise<Outcome<Float32Array>> {
  const vision = config['vision_config'] as Config;
  const tower = vision['model_type'] === 'clip_vision_model' ? clipVit : siglip;
  const params = { ...towerParams(vision), featureLayer: config['vision_feature_layer'] ?? -2 };
  const pixels = inputs.get('pixel_values') as RecordedTensor;
  const tokens = await runTower(tower, params, folder, pixels, workbench);
  if (!tokens.ok) return tokens;
  const channels = Number(vision['hidden_size']);
  const count = knownCount(tokens.value.length / channels);
  const wire = { kind: 'tokens', count, channels, prefixTokens: 0, grid: null } as const;
  const weights = { kind: 'checkpoint', folder } as const;
  const projected = await runTokens(
    mlp,
    { outputWidth: hiddenSize, weights },
    { wire, data: tokens.value },
    workbench,
  );
  return projected.ok ? ok(projected.value.data) : projected;
}

async function checkWholeWay(
  { outputs }: RecordedCase,
  document: GraphDocument,
  { loader }: Workbench,
): Promise<Outcome<readonly Comparison[]>> {
  const events: RunEvent[] = [];
  const emit = (event: RunEvent): void => void events.push(event);
  const ran = await executeRun({ document, runs: 1 }, loader, emit, new CancelSwitch());
  if (!ran.ok) return ran;
  const answer = events.find((event) => event.type === 'answer');
  const recorded = Array.from((outputs.get('greedy_ids') as RecordedTensor).data);
  return ok([compareWholes('greedy_ids from the raw picture', answer?.tokenIds ?? [], recorded)]);
}
