/**
 * Estimates beside measurements: `npm run bench:estimate [-- --write] [--few] [--only profile|table|validate]`. Profiles
 * presets, makes the table of efficiencies, and holds each preset against what was measured of the others. Writes the
 * table and a section of docs/performance.md where asked to.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Calibration } from '#engine/contract/calibration.ts';
import type { LocalHost } from '#host/local-host.ts';
import { packageRoot } from '#host/system/package-root.ts';
import { NotMeasured, withEngine } from './engine/run-graph.ts';
import { estimateSection, missesTable, stageTable, summaryTable } from './estimate/document.ts';
import { keepMeasured, keptMeasured, measurePreset } from './estimate/measure-preset.ts';
import { allPresets, fewPresets, type MeasuredRow } from './estimate/measured-presets.ts';
import { compareAll, foretell, tableOf, type ForetoldPreset } from './estimate/validate.ts';
import { performancePage } from './pages/performance.ts';

const page = join(packageRoot, 'docs', 'performance.md');
const table = join(packageRoot, 'engine', 'estimate', 'operator-efficiencies.json');
const parts = ['profile', 'table', 'validate'] as const;
type Part = (typeof parts)[number];

async function calibrationOf(host: LocalHost): Promise<Calibration> {
  const known = await host.calibration();
  if (known) return known;
  const started = await host.startCalibration({});
  if (!started.ok) throw new NotMeasured(started.problems[0]?.message);
  for await (const state of host.calibrationStates()) {
    if (state.is === 'measured') return state.calibration;
    if (state.is === 'failed') throw new NotMeasured(state.problems[0]?.message);
  }
  throw new NotMeasured('The measurement of this machine was cancelled; start again.');
}

/** An engine process for each, so that what one leaves in memory is not the next one's. */
async function profile(rows: readonly MeasuredRow[]): Promise<void> {
  for (const row of rows) {
    const { preset } = row;
    const startMs = performance.now();
    try {
      await withEngine(async (host) => {
        const calibration = await calibrationOf(host);
        await keepMeasured(await measurePreset(host, row, calibration));
      });
      console.error(`${preset}: ${Math.round((performance.now() - startMs) / 1000)} s`);
    } catch (cause) {
      if (!(cause instanceof NotMeasured)) throw cause;
      console.error(`${preset}: not measured. ${cause.message}`);
    }
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      write: { type: 'boolean', default: false },
      few: { type: 'boolean', default: false },
      only: { type: 'string' },
    },
  });
  if (values.only !== undefined && !(parts as readonly string[]).includes(values.only))
    throw new NotMeasured(`--only is one of ${parts.join(', ')}, not "${values.only}".`);
  const isWanted = (part: Part): boolean => values.only === undefined || values.only === part;
  const rows = values.few ? fewPresets : allPresets;
  if (isWanted('profile')) await profile(rows);
  if (values.only === 'profile') return;
  const measured: ForetoldPreset[] = [];
  for (const row of rows) {
    const kept = await keptMeasured(row);
    if (kept) measured.push(await foretell(kept, row));
  }
  if (isWanted('table')) {
    const text = `${JSON.stringify(tableOf(measured), null, 2)}\n`;
    if (values.write) await writeFile(table, text);
    else console.log(text);
  }
  if (!isWanted('validate')) return;
  const comparison = compareAll(measured);
  const tables = [missesTable(comparison), stageTable(comparison), summaryTable(comparison)];
  console.log(tables.join('\n\n'));
  if (!values.write) return;
  const command = `npm run bench:estimate -- ${values.few ? '--few ' : ''}--write`;
  const old = await readFile(page, 'utf8').catch(() => '');
  await writeFile(page, performancePage(old, { estimate: estimateSection(comparison, command) }));
}

try {
  await main();
} catch (cause) {
  if (!(cause instanceof NotMeasured)) throw cause;
  console.error(cause.message);
  process.exitCode = 1;
}
