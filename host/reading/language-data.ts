/** Where the data lies by which Tesseract reads a language: in a package of npm, one for each language. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';

/** Of the model that reads lines with a recurrent network, in whole numbers: smaller and faster, and as sure. */
const model = '4.0.0_best_int';

const require = createRequire(import.meta.url);

/** The folder with the data of one language. Fails with `reader-missing` where it is not installed. */
export function languageFolder(language: string): Outcome<string> {
  const name = `@tesseract.js-data/${language}`;
  const folder = packageFolder(name);
  if (folder === null) {
    const message = `To read the language "${language}", its data has to be installed beside Patchbay: npm install ${name}.`;
    return fail(error('reader-missing', message, { param: 'language' }));
  }
  const data = join(folder, model);
  if (existsSync(join(data, `${language}.traineddata.gz`))) return ok(data);
  const message = `The package ${name} lacks the data that Patchbay reads with (${model}); install it again.`;
  return fail(error('reader-missing', message, { param: 'language' }));
}

function packageFolder(name: string): string | null {
  try {
    return dirname(require.resolve(`${name}/package.json`));
  } catch {
    return null;
  }
}
