/** Files that `patchbay run` leaves behind: where they may go, and what is written into them. */
import { resolve } from 'node:path';
import { documentExtension, type GraphDocument } from '#engine/contract/document.ts';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { Report } from '#engine/contract/report.ts';
import { applyOverrides, type Overrides } from '#engine/plan/apply-overrides.ts';
import { nodeTimes, unplacedSentence } from '#engine/export/node-times.ts';
import { reportHtml } from '#engine/profile/html/report-html.ts';
import { catalogue } from '#nodes/index.ts';
import { checkWritable, writeWhole } from '../../system/write-whole.ts';
import { UsageError } from './exit-status.ts';

/** A report in place of the graph that it is about would be the end of the graph. */
export function refuseGraphName(out: string, operand: string): void {
  if (out.endsWith(documentExtension) || resolve(out) === resolve(operand))
    throw new UsageError(`"${out}" is the name of a graph; give the report another one.`);
}

/** Options that name files of one run, besides `--json`. */
export const outputOptions = ['html', 'model-explorer'] as const;
export type RunOutputs = Readonly<Partial<Record<(typeof outputOptions)[number], string>>>;

/** Those that are given, no two of them or of `--json` going to one place. */
export function outputPlaces(
  given: RunOutputs,
  operand: string,
  { prompts, json }: { readonly prompts: number; readonly json: string | undefined },
): RunOutputs {
  const taken = new Map(json === undefined ? [] : [[resolve(json), 'json']]);
  const places: Partial<Record<(typeof outputOptions)[number], string>> = {};
  for (const name of outputOptions) {
    const place = given[name];
    if (place === undefined) continue;
    if (place === '') throw new UsageError(`--${name} needs the name of a file.`);
    if (prompts > 1)
      throw new UsageError(
        `--${name} tells of one run, so it goes with one --prompt; run them apart.`,
      );
    const other = taken.get(resolve(place));
    if (other !== undefined)
      throw new UsageError(
        `--${other} and --${name} both go to "${place}"; give one another name.`,
      );
    refuseGraphName(place, operand);
    taken.set(resolve(place), name);
    places[name] = place;
  }
  return places;
}

/** Known before a long run rather than after it. */
export async function checkOutputs(outs: readonly (string | undefined)[]): Promise<Outcome<null>> {
  for (const out of outs) {
    if (out === undefined) continue;
    const writable = await checkWritable(out, { acceptsStreams: true });
    if (!writable.ok) return writable;
  }
  return ok(null);
}

/** The graph with what the command line put in place of what its nodes say. */
export function graphAsRun(document: GraphDocument, overrides: Overrides): GraphDocument {
  const overridden = applyOverrides(document, overrides, catalogue);
  return overridden.ok ? overridden.value : document;
}

export interface ToldRun {
  readonly report: Report;
  /** Null where it could not be read. */
  readonly document: GraphDocument | null;
  readonly startedAt: string | null;
}

/** Fails where one cannot be written; what a run that failed has not found out is left unwritten. */
export async function writeOutputs(places: RunOutputs, told: ToldRun): Promise<Outcome<null>> {
  const { html, 'model-explorer': times } = places;
  if (html !== undefined) {
    const page = reportHtml({ ...told, catalogue });
    const written = await writeWhole(html, page, { acceptsStreams: true });
    if (!written.ok) return written;
  }
  const { report, document } = told;
  if (times === undefined || !document || report.operators.length === 0) return ok(null);
  const found = nodeTimes(report, document, catalogue);
  if (!found.ok) return found;
  const { text, unplacedShare } = found.value;
  if (unplacedShare > 0) console.error(unplacedSentence(unplacedShare));
  return writeWhole(times, text, { acceptsStreams: true });
}
