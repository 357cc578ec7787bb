/**
 * The presets in one table, and one of each group run at its true size: `npm run bench:presets [field or preset]
 * [-- --write]`. Writes docs/presets.md where asked to.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { presetSummaries, readPreset } from '#host/presets.ts';
import { packageRoot, presetsFolder } from '#host/system/package-root.ts';
import { NotMeasured, runGraph, withEngine } from './engine/run-graph.ts';
import {
  fieldSection,
  presetsPage,
  runSection,
  sectionTitles,
  type MeasuredPreset,
  type Part,
} from './presets/document.ts';

const page = join(packageRoot, 'docs', 'presets.md');
const runs = 3;
const all = Object.keys(sectionTitles) as readonly Part[];

async function section(part: Part): Promise<string> {
  if (part === 'field') return fieldSection(await presetSummaries());
  return withEngine(async (host) => {
    const document = await readPreset(part);
    if (!document.ok) throw new NotMeasured(document.problems[0]?.message);
    const request = { document: document.value, baseFolder: presetsFolder, runs };
    const report = await runGraph(host, request);
    return runSection(part satisfies MeasuredPreset, report, `npm run bench:presets ${part}`);
  });
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    args: process.argv.slice(2),
    allowPositionals: true,
    options: { write: { type: 'boolean', default: false } },
  });
  const unknown = positionals.find((name) => !Object.hasOwn(sectionTitles, name));
  if (unknown !== undefined) {
    console.error(
      `There is no part "${unknown}"; name some of ${all.join(', ')}, or none for all.`,
    );
    process.exitCode = 1;
    return;
  }
  for (const part of positionals.length === 0 ? all : (positionals as Part[])) {
    const text = await section(part);
    console.log(`${text}\n`);
    if (!values.write) continue;
    const old = await readFile(page, 'utf8').catch(() => '');
    await writeFile(page, presetsPage(old, { [part]: text }));
  }
}

try {
  await main();
} catch (cause) {
  if (!(cause instanceof NotMeasured)) throw cause;
  console.error(cause.message);
  process.exitCode = 1;
}
