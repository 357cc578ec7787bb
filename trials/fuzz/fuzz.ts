/**
 * `npm run fuzz [reader] [minutes]`: gives readers of foreign bytes mutants of sound files, and tells those at which one
 * throws, hangs, ends its process or answers without a sentence. Without a reader all have their turn, each so long.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { formatTable } from '#host/bin/terminal/table.ts';
import { packageRoot } from '#host/system/package-root.ts';
import { breed } from './breed.ts';
import { hunt, type Hunted } from './hunt.ts';
import type { Reader } from './readers/reader.ts';
import { readers } from './readers/readers.ts';
import type { Finding } from './work-through.ts';

const usage = [
  'npm run fuzz [reader] [minutes] [-- --seed N --from N --mutants N]',
  '',
  ...readers.map(({ name, about }) => `  ${name.padEnd(12)} ${about}`),
].join('\n');

const entry = join(dirname(fileURLToPath(import.meta.url)), 'fuzz-process.js');

interface Row extends Hunted {
  readonly reader: string;
  readonly tookMs: number;
}

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      seed: { type: 'string', default: '1' },
      from: { type: 'string', default: '0' },
      mutants: { type: 'string', default: 'Infinity' },
    },
  });
  const words = [...positionals];
  const chosen = readers.filter(({ name }) => name === words[0]);
  if (chosen.length > 0) words.shift();
  const minutes = Number(words.shift() ?? 1);
  const [seed, from, mutants] = [Number(values.seed), Number(values.from), Number(values.mutants)];
  const isWrong = ![minutes, seed, from].every(Number.isFinite) || !(mutants > 0);
  if (isWrong || words.length > 0) {
    console.error(usage);
    process.exit(2);
  }
  const rows: Row[] = [];
  for (const reader of chosen.length > 0 ? chosen : readers) {
    const startMs = performance.now();
    const work = { seed, from, to: from + mutants, atMostMs: minutes * 60_000 };
    const hunted = await hunt(entry, reader.name, work);
    rows.push({ reader: reader.name, tookMs: performance.now() - startMs, ...hunted });
    for (const finding of hunted.findings) await tellFinding(reader, seed, finding);
  }
  console.log(tableOf(rows));
  if (rows.some(({ foundCount }) => foundCount > 0)) process.exitCode = 1;
}

/** The mutant is kept, and the command that makes it again is said. */
async function tellFinding(reader: Reader, seed: number, { number, what }: Finding): Promise<void> {
  const samples = await reader.samples();
  const { sample, bytes } = breed(samples, seed, number);
  const folder = join(packageRoot, 'trials', 'found');
  const name = basename(samples[sample]?.file ?? '');
  const path = join(folder, `${reader.name}-${seed}-${number}-${name}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, bytes);
  console.error(`${reader.name}: mutant ${number} of seed ${seed} ${what}`);
  console.error(`  kept as ${path}`);
  console.error(
    `  again by: npm run fuzz ${reader.name} -- --seed ${seed} --from ${number} --mutants 1\n`,
  );
}

function tableOf(rows: readonly Row[]): string {
  const whole = (count: number): string => Math.round(count).toLocaleString('en');
  return formatTable<Row>(
    [
      { title: 'reader', align: 'left', text: ({ reader }) => reader },
      { title: 'mutants', align: 'right', text: ({ mutants }) => whole(mutants) },
      {
        title: 'per second',
        align: 'right',
        text: ({ mutants, tookMs }) => whole((mutants * 1000) / tookMs),
      },
      {
        title: 'sound',
        align: 'right',
        text: ({ mutants, sound }) => `${((100 * sound) / Math.max(1, mutants)).toFixed(0)}%`,
      },
      { title: 'slowest', align: 'right', text: ({ slowestMs }) => `${whole(slowestMs)} ms` },
      { title: 'its number', align: 'right', text: ({ slowest }) => String(slowest) },
      { title: 'found', align: 'right', text: ({ foundCount }) => whole(foundCount) },
    ],
    rows,
  );
}

await main();
