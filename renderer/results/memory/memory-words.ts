/** What is said of a moment of a run's memory, and of the run as a whole. Pure. */
import { formatBytes, formatMilliseconds } from '#engine/contract/format.ts';
import type { MemoryKind, MemoryMoment } from '#engine/contract/report.ts';
import { phaseWords } from '#renderer/results/status/run-progress.ts';
import { highestMoment, memoryKinds } from './memory-areas.ts';

/** Kinds by the names that they have in this run: state is called by what it is. */
export type KindTitles = Readonly<Record<MemoryKind, string>>;

/** Of kinds that there are none of, nothing is said. */
function kindWords({ byKind }: MemoryMoment, titles: KindTitles): readonly string[] {
  return memoryKinds.flatMap(({ kind }) =>
    byKind[kind] > 0 ? [`${titles[kind]} ${formatBytes(byKind[kind])}`] : [],
  );
}

/** "1 204 ms · CLIP ViT · running · 512 MB resident · weights 300 MB" */
export function momentWords(
  moment: MemoryMoment,
  titles: KindTitles,
  titleOf: (stage: string) => string,
): string {
  const { atMs, residentBytes, stage, phase } = moment;
  return [
    formatMilliseconds(atMs),
    ...(stage === null ? [] : [titleOf(stage)]),
    ...(phase === null ? [] : [phaseWords[phase]]),
    `${formatBytes(residentBytes)} resident`,
    ...kindWords(moment, titles),
  ].join(' · ');
}

/** The chart for those who hear the page. */
export function chartWords(
  moments: readonly MemoryMoment[],
  titles: KindTitles,
  titleOf: (stage: string) => string,
): string {
  const first = moments[0];
  const last = moments.at(-1);
  const highest = moments[highestMoment(moments)];
  if (!first || !last || !highest) return '';
  const { atMs, residentBytes, stage } = highest;
  const during = stage === null ? '' : ` during ${titleOf(stage)}`;
  const accounted = kindWords(highest, titles).join(', ');
  return [
    `The engine held ${formatBytes(first.residentBytes)} at ${formatMilliseconds(first.atMs)} and ${formatBytes(last.residentBytes)} at ${formatMilliseconds(last.atMs)}.`,
    `It held most at ${formatMilliseconds(atMs)}${during}: ${formatBytes(residentBytes)}${accounted === '' ? '' : `, of it ${accounted}`}.`,
    `At the end: ${kindWords(last, titles).join(', ') || 'nothing that is known to be of stages'}.`,
  ].join(' ');
}
