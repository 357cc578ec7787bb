/**
 * Language models through the whole engine, beside bare sessions and the speed of memory: `npm run bench [model …]
 * [-- --rounds n] [-- --write]`. Writes docs/language-models.md where asked to.
 */
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { LocalHost } from '#host/local-host.ts';
import { packageRoot } from '#host/system/package-root.ts';
import { bareArgument, runBareSession } from './language/bare-session.ts';
import { languagePage, languageTable } from './language/document.ts';
import { measureModel, type MeasuredModel } from './language/measure-model.ts';
import { readerArgument, readMemory } from './language/memory-reader.ts';
import { benchDocument, benchRows } from './language/rows.ts';

const here = dirname(fileURLToPath(import.meta.url));
const page = join(packageRoot, 'docs', 'language-models.md');

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '31' },
      write: { type: 'boolean', default: false },
    },
  });
  const rounds = Number(values.rounds);
  const names = positionals.length === 0 ? Object.keys(benchRows) : positionals;
  const unknown = names.find((name) => !Object.hasOwn(benchRows, name));
  if (unknown !== undefined || !Number.isInteger(rounds) || rounds < 1) {
    const known = Object.keys(benchRows).join(', ');
    console.error(
      unknown === undefined
        ? `"${values.rounds}" is no number of rounds; give a whole number from 1.`
        : `There is no model "${unknown}"; name some of ${known}, or none for all.`,
    );
    process.exitCode = 1;
    return;
  }
  const host = new LocalHost(join(here, 'engine-process.js'));
  const measured: MeasuredModel[] = [];
  for (const name of names)
    measured.push(await measureModel(host, benchDocument(benchRows[name]!), rounds));
  await host.close();
  console.log(languageTable(measured));
  if (!values.write) return;
  const command = ['npm run bench', ...positionals, `-- --rounds ${rounds} --write`].join(' ');
  await writeFile(page, languagePage(measured, command));
}

const [, , role] = process.argv;
if (role === bareArgument) runBareSession();
else if (role === readerArgument) readMemory();
else await main();
