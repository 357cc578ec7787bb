/** Accuracy of the Shapes preset at every precision and block size, as docs/shapes-llava.md has it. */
import { StageCache } from '#host/cache/stage-cache.ts';
import { cacheFolder } from '#host/cache/cache-folder.ts';
import { readPreset } from '#host/presets.ts';
import { ModelLoader } from '#host/sessions/load-model.ts';
import { atPrecision } from './at-precision.ts';
import { measureAccuracy, readQuestions } from './shapes-questions.ts';

const precisions = [
  ['float32', '32'],
  ['int8', '32'],
  ['int8', '64'],
  ['int8', '128'],
  ['int4', '32'],
  ['int4', '64'],
  ['int4', '128'],
] as const;

const cache = await StageCache.open(cacheFolder());
const preset = await readPreset('shapes-llava');
if (!cache.ok || !preset.ok) throw new Error('The cache or the preset cannot be opened.');
const questions = await readQuestions();
const loader = new ModelLoader(cache.value);
console.log(`| precision | block | accuracy on ${questions.length} questions |`);
console.log('| --- | --- | --- |');
for (const [precision, blockSize] of precisions) {
  const accuracy = await measureAccuracy(
    atPrecision(preset.value, precision, blockSize),
    questions,
    loader,
  );
  console.log(
    `| ${precision} | ${precision === 'float32' ? '' : blockSize} | ${accuracy.toFixed(3)} |`,
  );
}
