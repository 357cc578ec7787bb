/**
 * Accuracy of the Shapes preset at every precision and block size and with every format of its KV cache, and how often
 * its draft guesses right, as docs/shapes-llava.md has them. `npm run bench:accuracy -- drafts` measures the draft
 * alone, `-- cache` the formats.
 */
import { stateBytes } from '#engine/node/decoder-protocol.ts';
import { StageCache } from '#host/cache/stage-cache.ts';
import { cacheFolder } from '#host/cache/cache-folder.ts';
import { readPreset } from '#host/presets.ts';
import { ModelLoader } from '#host/sessions/load-model.ts';
import { atCacheFormat } from './at-cache-format.ts';
import { atDraftLength } from './at-draft-length.ts';
import { atPrecision } from './engine/at-precision.ts';
import { guessRecorded } from './guess-recorded.ts';
import { draftedStep, languageStep, openModel } from './open-models.ts';
import { measureAccuracy, measureDrafting, readQuestions } from './shapes-questions.ts';

const precisions: readonly (readonly [precision: string, blockSize?: string])[] = [
  ['float32'],
  ['int8', '32'],
  ['int8', '64'],
  ['int8', '128'],
  ['int4', '32'],
  ['int4', '64'],
  ['int4', '128'],
  ['w8a8'],
];
const cacheFormats = ['float32', 'float16', 'int8'];
const draftLengths = [2, 4];

const cache = await StageCache.open(cacheFolder());
const preset = await readPreset('shapes-llava');
const drafted = await readPreset('shapes-llava-spd');
if (!cache.ok || !preset.ok || !drafted.ok)
  throw new Error('The cache or a preset cannot be opened.');
const { value: shapes } = preset;
const { value: withDraft } = drafted;
const questions = await readQuestions();
const loader = new ModelLoader(cache.value);

const tables = { precisions: tellPrecisions, cache: tellCacheFormats, drafts: tellDrafts };
for (const [name, tell] of Object.entries(tables))
  if ([undefined, name].includes(process.argv[2])) await tell();

async function tellPrecisions(): Promise<void> {
  console.log(`| precision | block | accuracy on ${questions.length} questions |`);
  console.log('| --- | --- | --- |');
  for (const [precision, blockSize] of precisions) {
    const document = atPrecision(shapes, precision, blockSize);
    const { accuracy } = await measureAccuracy(document, questions, loader);
    console.log(`| ${precision} | ${blockSize ?? ''} | ${accuracy.toFixed(3)} |`);
  }
  console.log('');
}

async function tellCacheFormats(): Promise<void> {
  console.log('| KV cache | bytes a token | token for token the same | accuracy |');
  console.log('| --- | --- | --- | --- |');
  for (const format of cacheFormats) {
    const document = atCacheFormat(shapes, format);
    const { keyValueBytes } = stateBytes(languageStep(document).graphs.decoder.state, [1]);
    const { accuracy, same } = await measureAccuracy(document, questions, loader);
    const shares = `${same} of ${questions.length} | ${accuracy.toFixed(3)}`;
    console.log(`| ${format} | ${keyValueBytes} | ${shares} |`);
  }
  console.log('');
}

async function tellDrafts(): Promise<void> {
  const { decoding } = draftedStep(withDraft);
  const draft = await openModel(decoding.graphs, loader);
  console.log(
    '| draft length | token for token the same | kept of guessed | share | share from the first token on |',
  );
  console.log('| --- | --- | --- | --- | --- |');
  for (const draftLength of draftLengths) {
    const document = atDraftLength(withDraft, draftLength);
    const { different, proposed, accepted } = await measureDrafting(document, questions, loader);
    const same = `${questions.length - different.length} of ${questions.length}`;
    const share = (accepted / proposed).toFixed(3);
    const all = await guessRecorded(draft, draftLength, questions);
    const shareOfAll = (all.accepted / all.proposed).toFixed(3);
    const kept = `${accepted} of ${proposed}`;
    console.log(`| ${draftLength} | ${same} | ${kept} | ${share} | ${shareOfAll} |`);
  }
}
