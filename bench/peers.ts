/**
 * Patchbay beside other programs and beside its targets: `npm run bench:peers [part …] [-- --rounds n] [-- --write]`, of
 * the language part also one model or one length (`-- --model phi-2 --tokens 600`). Writes docs/performance.md.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { packageRoot } from '#host/system/package-root.ts';
import { bareArgument as bareSessionArgument, runBareSession } from './language/bare-session.ts';
import { NotMeasured } from './engine/run-graph.ts';
import { performancePage, performanceSection, type PerformancePart } from './pages/performance.ts';
import { boundedEncoders, measureBound, measureRounding } from './performance/encoders.ts';
import {
  languageShapes,
  measureLanguage,
  promptLengths,
  type LanguageName,
} from './performance/language.ts';
import { measureLowMemory } from './performance/low-memory.ts';
import { machineTable } from './performance/machine.ts';
import { measureOverhead } from './performance/overhead.ts';
import {
  encoderBlocks,
  languageBlocks,
  lowMemoryBlocks,
  overheadBlocks,
  startBlocks,
  type Blocks,
} from './performance/sections.ts';
import { measureSharing, measureStart } from './performance/start.ts';
import { bareArgument as bareProcessArgument } from './vision/bare-client.ts';
import { answerBareRequests } from './vision/bare-process.ts';

const page = join(packageRoot, 'docs', 'performance.md');

interface Wanted {
  readonly parts: readonly PartName[];
  readonly models: readonly LanguageName[];
  readonly tokens: readonly number[];
  readonly rounds: number;
  readonly writes: boolean;
  readonly command: string;
}

interface Part {
  readonly section: PerformancePart;
  readonly measure: (wanted: Wanted) => Promise<Blocks>;
}

const parts = {
  machine: { section: 'machine', measure: async () => [await machineTable()] },
  language: {
    section: 'language',
    async measure({ models, tokens, rounds }) {
      const measured = [];
      for (const model of models)
        for (const words of tokens) measured.push(await measureLanguage(model, words, rounds));
      return [roundsText(rounds), ...languageBlocks(measured)];
    },
  },
  encoders: {
    section: 'encoders',
    async measure({ rounds }) {
      const rounding = await measureRounding(rounds);
      const bounds = [];
      for (const type of boundedEncoders) bounds.push(await measureBound(type, rounds));
      return [roundsText(rounds), ...encoderBlocks(rounding, bounds)];
    },
  },
  overhead: {
    section: 'overhead',
    measure: async ({ rounds }) => [
      roundsText(rounds),
      ...overheadBlocks(await measureOverhead(rounds)),
    ],
  },
  start: {
    section: 'start',
    async measure({ rounds }) {
      const language = await measureStart('language', rounds);
      const encoder = await measureStart('encoder', rounds);
      return [roundsText(rounds), ...startBlocks({ language, encoder }, await measureSharing())];
    },
  },
  'low-memory': {
    section: 'lowMemory',
    measure: async () => lowMemoryBlocks(await measureLowMemory()),
  },
} as const satisfies Record<string, Part>;
type PartName = keyof typeof parts;

const partNames = Object.keys(parts) as readonly PartName[];
const modelNames = Object.keys(languageShapes) as readonly LanguageName[];

const roundsText = (rounds: number): string =>
  rounds === 1 ? 'One round.' : `Medians of ${rounds} rounds.`;

/** What the arguments ask for, or a sentence that says what they may be. */
function wantedBy(args: readonly string[]): Wanted | string {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '5' },
      model: { type: 'string' },
      tokens: { type: 'string' },
      write: { type: 'boolean', default: false },
    },
  });
  const { model, tokens, write } = values;
  const unknown = positionals.find((name) => !partNames.includes(name as PartName));
  if (unknown !== undefined)
    return `There is no part "${unknown}"; name some of ${partNames.join(', ')}, or none for all.`;
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1)
    return `"${values.rounds}" is no number of rounds; give a whole number from 1.`;
  if (model !== undefined && !modelNames.includes(model as LanguageName))
    return `There is no model "${model}"; name one of ${modelNames.join(', ')}.`;
  if (tokens !== undefined && !promptLengths.some((length) => String(length) === tokens))
    return `There is no prompt of ${tokens} tokens; name one of ${promptLengths.join(', ')}.`;
  if (write && (model !== undefined || tokens !== undefined))
    return 'The page has all models and lengths; leave --write out, or measure the whole part.';
  const options = args.filter((arg) => !positionals.includes(arg));
  return {
    parts: positionals.length === 0 ? partNames : (positionals as PartName[]),
    models: model === undefined ? modelNames : [model as LanguageName],
    tokens: tokens === undefined ? promptLengths : [Number(tokens)],
    rounds,
    writes: write,
    command: ['npm run bench:peers', ...positionals, ...separated(options)].join(' '),
  };
}

/** npm hands on what stands behind two dashes. */
const separated = (options: readonly string[]): readonly string[] =>
  options.length === 0 ? [] : ['--', ...options];

async function main(): Promise<void> {
  const wanted = wantedBy(process.argv.slice(2));
  if (typeof wanted === 'string') {
    console.error(wanted);
    process.exitCode = 1;
    return;
  }
  for (const name of wanted.parts) {
    const { section, measure }: Part = parts[name];
    try {
      const text = performanceSection(section, wanted.command, ...(await measure(wanted)));
      console.log(`${text}\n`);
      if (!wanted.writes) continue;
      const old = await readFile(page, 'utf8').catch(() => '');
      await writeFile(page, performancePage(old, { [section]: text }));
    } catch (cause) {
      // Hours of other parts are not given up for one that cannot be measured.
      if (!(cause instanceof NotMeasured)) throw cause;
      console.error(`${name}: ${cause.message}`);
      process.exitCode = 1;
    }
  }
}

const [, , role] = process.argv;
if (role === bareSessionArgument) runBareSession();
else if (role === bareProcessArgument) answerBareRequests();
else await main();
