/**
 * What encoders reach of the rate of a bare matrix product, and what compressors spare a language model: `npm run
 * bench:vision [part, or rows …] [-- --write] [-- --preset id]`. Writes docs/vision.md where asked to.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { packageRoot } from '#host/system/package-root.ts';
import { readPreset } from '#host/presets.ts';
import { answerBareRequests } from './vision/bare-process.ts';
import { bareArgument } from './vision/bare-client.ts';
import { measurePrefill, medianOf } from './vision/compression.ts';
import { absent, compressors, withCompressor } from './vision/compressors.ts';
import {
  compressorSection,
  encoderSection,
  pageWithRowsAgain,
  sectionTitles,
  visionPage,
  type Part,
  type Row,
  type Rows,
} from './vision/document.ts';
import { encoderTypes, measureEncoder } from './vision/encoders.ts';
import { NotMeasured, withEngine } from './engine/run-graph.ts';

const parts = Object.keys(sectionTitles) as readonly Part[];
const page = join(packageRoot, 'docs', 'vision.md');

interface Wanted {
  /** Rows to measure, by part; a part that is not wanted has none. */
  readonly rows: Readonly<Record<Part, readonly string[]>>;
  /** Are they single rows, of a part that is there? */
  readonly again: boolean;
  readonly preset: string;
  readonly writes: boolean;
  readonly command: string;
}

const all: Wanted['rows'] = { encoders: encoderTypes, compressors: Object.keys(compressors) };

/** What the arguments ask for, or a sentence that says what they may be. */
function wantedBy(args: readonly string[]): Wanted | string {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      write: { type: 'boolean', default: false },
      preset: { type: 'string', default: 'llava-1.5-7b' },
    },
  });
  const rows = rowsNamed(positionals);
  if (rows === null) {
    const names = [...parts, ...Object.values(all).flat()].join(', ');
    return `There is no row "${positionals.join(' ')}"; name one of ${names}, or nothing for all.`;
  }
  const again = positionals.some((name) => !parts.includes(name as Part));
  if (values.write && again && rows.compressors.length > 0)
    return 'A compressor is held against the model without one, of the same run; leave --write out, or name its part.';
  const options = args.filter((arg) => !positionals.includes(arg));
  const command = [
    'npm run bench:vision',
    ...positionals,
    options.length > 0 && ['--', ...options],
  ];
  return {
    rows,
    again,
    preset: values.preset,
    writes: values.write,
    command: command.flat().filter(Boolean).join(' '),
  };
}

/** Nothing for all, one part, or rows of one part. */
function rowsNamed(names: readonly string[]): Wanted['rows'] | null {
  if (names.length === 0) return all;
  const none = { encoders: [], compressors: [] };
  for (const part of parts) {
    if (names.length === 1 && names[0] === part) return { ...none, [part]: all[part] };
    if (names.every((name) => all[part].includes(name))) return { ...none, [part]: names };
  }
  return null;
}

/** One row after the other; what cannot be measured says why and ends none of the others. */
async function measureRows<Measured>(
  names: readonly string[],
  measure: (name: string) => Promise<Measured>,
): Promise<Rows<Measured>> {
  const rows: Record<string, Row<Measured>> = {};
  for (const [index, name] of names.entries()) {
    console.error(`${index + 1} of ${names.length}: ${name}`);
    try {
      rows[name] = { measured: await measure(name) };
    } catch (cause) {
      // Hours of other rows are not given up for a mistake in one.
      if (!(cause instanceof NotMeasured)) {
        console.error(cause);
        process.exitCode = 1;
      }
      rows[name] = { reason: cause instanceof Error ? cause.message : String(cause) };
    }
  }
  return rows;
}

async function measureCompressors({ rows, preset, command }: Wanted): Promise<string> {
  const document = await readPreset(preset);
  if (!document.ok) throw new Error(document.problems[0]?.message);
  return withEngine(async (host) => {
    const first = await measurePrefill(host, document.value);
    const measured = await measureRows(rows.compressors, (name) => {
      const compressor = compressors[name];
      if (!compressor) throw new Error(`There is no compressor "${name}".`);
      return measurePrefill(host, withCompressor(document.value, compressor));
    });
    const last = await measurePrefill(host, document.value);
    const times = [first.prefillMs, last.prefillMs];
    const result = {
      presetTitle: document.value.title,
      plain: medianOf([first, last]),
      drift: Math.max(...times) / Math.min(...times) - 1,
      rows: { ...measured, ...(rows.compressors.length > 1 ? absentRows : {}) },
    };
    return compressorSection(result, compressors, command);
  });
}

const absentRows = Object.fromEntries(
  Object.entries(absent).map(([name, reason]) => [name, { reason }]),
);

async function main(): Promise<void> {
  const wanted = wantedBy(process.argv.slice(2));
  if (typeof wanted === 'string') {
    console.error(wanted);
    process.exitCode = 1;
    return;
  }
  const { rows, again, command, writes } = wanted;
  const sections: Partial<Record<Part, string>> = {};
  /** Each as soon as it is there: a later part that fails loses none. */
  const keep = async (part: Part, section: string): Promise<void> => {
    sections[part] = section;
    console.log(`${section}\n`);
    if (!writes) return;
    const old = await readFile(page, 'utf8').catch(() => '');
    const written = again
      ? pageWithRowsAgain(old, section, rows.encoders)
      : visionPage(old, sections);
    if (written !== null) return writeFile(page, written);
    console.error(
      'The rows are not written, as the others are of another day or machine; measure the whole part.',
    );
    process.exitCode = 1;
  };
  if (rows.encoders.length > 0)
    await keep(
      'encoders',
      encoderSection(await measureRows(rows.encoders, measureEncoder), command),
    );
  if (rows.compressors.length > 0) await keep('compressors', await measureCompressors(wanted));
}

if (process.argv[2] === bareArgument) answerBareRequests();
else await main();
