/**
 * Language models through the whole engine, beside bare sessions and the speed of memory, and what recurrence and experts
 * change: `npm run bench [part or models …] [-- --rounds n] [-- --write]`. Writes docs/language-models.md where asked to.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { LocalHost } from '#host/local-host.ts';
import { packageRoot } from '#host/system/package-root.ts';
import { bareArgument, runBareSession } from './language/bare-session.ts';
import {
  engineSection,
  expertSection,
  languagePage,
  sectionTitles,
  stateSection,
  type Part,
} from './language/document.ts';
import { measureExperts } from './language/experts.ts';
import { measureModel, type MeasuredModel } from './language/measure-model.ts';
import { measureRecurrence } from './language/recurrence.ts';
import { benchRows } from './language/rows.ts';
import { withEngine } from './engine/run-graph.ts';

const page = join(packageRoot, 'docs', 'language-models.md');
const parts = Object.keys(sectionTitles) as readonly Part[];

interface Wanted {
  readonly parts: readonly Part[];
  readonly models: readonly string[];
  readonly rounds: number;
  readonly writes: boolean;
  readonly command: string;
}

/** What the arguments ask for, or a sentence that says what they may be. */
function wantedBy(args: readonly string[]): Wanted | string {
  const { values, positionals: names } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '31' },
      write: { type: 'boolean', default: false },
    },
  });
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1)
    return `"${values.rounds}" is no number of rounds; give a whole number from 1.`;
  const all = Object.keys(benchRows);
  const command = ['npm run bench', ...names, `-- --rounds ${rounds} --write`].join(' ');
  const known = { rounds, writes: values.write, command };
  if (names.length === 0) return { ...known, parts, models: all };
  if (names.every((name) => (parts as readonly string[]).includes(name)))
    return { ...known, parts: names as Part[], models: all };
  const unknown = names.find((name) => !Object.hasOwn(benchRows, name));
  if (unknown === undefined) return { ...known, parts: ['engine'], models: names };
  return `There is no model or part "${unknown}"; name parts (${parts.join(', ')}), models (${all.join(', ')}), or nothing for all.`;
}

const measure: Readonly<Record<Part, (host: LocalHost, wanted: Wanted) => Promise<string>>> = {
  async engine(host, { models, rounds, command }) {
    const measured: MeasuredModel[] = [];
    for (const name of models) measured.push(await measureModel(host, benchRows[name]!, rounds));
    return engineSection(measured, command);
  },
  state: async (host, { rounds, command }) =>
    stateSection(await measureRecurrence(host, rounds), rounds, command),
  experts: async (host, { rounds, command }) =>
    expertSection(await measureExperts(host, rounds), rounds, command),
};

async function main(): Promise<void> {
  const wanted = wantedBy(process.argv.slice(2));
  if (typeof wanted === 'string') {
    console.error(wanted);
    process.exitCode = 1;
    return;
  }
  for (const part of wanted.parts) {
    const section = await withEngine((host) => measure[part](host, wanted));
    console.log(`${section}\n`);
    if (!wanted.writes) continue;
    const old = await readFile(page, 'utf8').catch(() => '');
    await writeFile(page, languagePage(old, { [part]: section }));
  }
}

const [, , role] = process.argv;
if (role === bareArgument) runBareSession();
else await main();
