/** What each stage held in memory, and how the whole run stood within the machine's, as the app's Memory tab has it. Pure. */
import { formatBytes } from '../../contract/format.ts';
import { rowTitle } from '../../contract/run-event.ts';
import { memoryBars, memoryUse, type MemoryBar } from '../memory-bars.ts';
import { barsOf } from './bars.ts';
import { markup, type Markup } from './markup.ts';
import { hueOf, type SavedReport } from './saved-report.ts';
import { htmlTable, type Column } from './table.ts';

export function memorySection({ report, catalogue }: SavedReport): Markup | null {
  const { bars, stateWord, widestBytes } = memoryBars(report);
  if (widestBytes === 0) return null;
  const use = memoryUse(report);
  const bytes = (title: string, pick: (bar: MemoryBar) => number): Column<MemoryBar> => ({
    title,
    look: 'number',
    cell: (bar) => (pick(bar) > 0 ? formatBytes(pick(bar)) : '–'),
  });
  const columns: readonly Column<MemoryBar>[] = [
    { title: 'stage', cell: ({ stage }) => rowTitle(stage) },
    bytes('weights', ({ weightsBytes }) => weightsBytes),
    bytes(stateWord, ({ stateBytes }) => stateBytes),
    bytes('the rest', ({ restBytes }) => restBytes),
    bytes('peak', ({ peakBytes }) => peakBytes),
    {
      title: `weights, ${stateWord} (hatched), the rest (pale)`,
      look: 'chart',
      cell: (bar) => stackOf(bar, widestBytes, hueOf(bar.stage.type, catalogue)),
    },
  ];
  return markup`<section><h2>Memory</h2>
${use && markup`<p>The whole run peaked at ${formatBytes(use.peakBytes)} of the machine’s ${formatBytes(use.machineBytes)}; a graph may take up to ${formatBytes(use.budgetBytes)}.</p>`}
${htmlTable('Memory of the stages', columns, bars)}</section>`;
}

function stackOf(
  { weightsBytes, stateBytes, restBytes }: MemoryBar,
  widestBytes: number,
  hue: string,
): Markup {
  const share = (bytes: number): number => bytes / widestBytes;
  const [weights, state, rest] = [share(weightsBytes), share(stateBytes), share(restBytes)];
  return barsOf([
    { start: 0, width: weights, hue },
    { start: weights, width: state, hue, look: 'hatched' },
    { start: weights + state, width: rest, hue, look: 'rest' },
  ]);
}
