/** `npm run soak [runs] [cancels]`: runs and cancels in one server, and what it and its engine hold in memory meanwhile. */
import { formatBytes } from '#engine/contract/format.ts';
import { quantile } from '#engine/profile/statistics.ts';
import { formatTable } from '#host/bin/terminal/table.ts';
import { describeMachine } from '#host/system/machine.ts';
import { endure, type Cancelled, type Sample } from './endure.ts';

/** So many runs are let pass first, and so many make a median. */
const window = 100;
const mostGrowth = 1.05;

interface Row {
  readonly what: string;
  readonly first: number;
  readonly last: number;
  readonly text: (value: number) => string;
}

const [runs = 1000, cancels = 100] = process.argv.slice(2).map(Number);
const startedMs = performance.now();
const { samples, cancelled } = await endure({
  runs,
  cancels,
  seed: 1,
  tell: (line) => console.error(line),
});
const rows = rowsOf(samples);
const { cpu, threads, onnxRuntime } = describeMachine();
const minutes = ((performance.now() - startedMs) / 60_000).toFixed(0);
console.log(`${cpu}, ${threads} threads, ONNX Runtime ${onnxRuntime}, ${minutes} minutes`);
console.log(tableOf(rows));
console.log(cancelSentence(cancelled));
const isFlat = rows.every(({ first, last }) => last <= first * mostGrowth);
console.log(isFlat ? 'Flat.' : 'Something grows.');
if (!isFlat) process.exitCode = 1;

/** Medians of the first runs behind those that are let pass, and of the last. */
function rowsOf(all: readonly Sample[]): readonly Row[] {
  const settled = all.slice(window, 2 * window);
  const last = all.slice(-window);
  const row = (what: string, pick: (sample: Sample) => number, text: Row['text']): Row => ({
    what,
    first: quantile(settled.map(pick), 0.5),
    last: quantile(last.map(pick), 0.5),
    text,
  });
  return [
    row('server, resident', ({ server }) => server.residentBytes, formatBytes),
    row('engine, resident', ({ engine }) => engine.residentBytes, formatBytes),
    row('server, open files', ({ server }) => server.openFiles, String),
    row('engine, open files', ({ engine }) => engine.openFiles, String),
  ];
}

function tableOf(all: readonly Row[]): string {
  const [from, to] = [window + 1, 2 * window];
  return formatTable<Row>(
    [
      { title: 'median of', align: 'left', text: ({ what }) => what },
      { title: `runs ${from}–${to}`, align: 'right', text: ({ first, text }) => text(first) },
      { title: `the last ${window}`, align: 'right', text: ({ last, text }) => text(last) },
      {
        title: 'ratio (at most 1.05)',
        align: 'right',
        text: ({ first, last }) => (last / first).toFixed(3),
      },
    ],
    all,
  );
}

function cancelSentence(all: readonly Cancelled[]): string {
  const moments = new Set(all.map(({ behind }) => behind)).size;
  const hard = all.filter((cancel) => cancel.hard).length;
  const late = all.filter(({ end }) => end === 'run-finished').length;
  return `${all.length} cancels behind ${moments} kinds of events, ${hard} of them hard, ${late} too late; after each the engine answered as ever, and no file was left.`;
}
