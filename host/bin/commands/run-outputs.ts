/** Files that `patchbay run` leaves behind: where they may go, and what is written into them. */
import { resolve } from 'node:path';
import { documentExtension, type GraphDocument } from '#engine/contract/document.ts';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { Report } from '#engine/contract/report.ts';
import { applyOverrides, type Overrides } from '#engine/plan/apply-overrides.ts';
import { reportHtml } from '#engine/profile/html/report-html.ts';
import { catalogue } from '#nodes/index.ts';
import { checkWritable, writeWhole } from '../../system/write-whole.ts';
import { UsageError } from './exit-status.ts';

/** A report in place of the graph that it is about would be the end of the graph. */
export function refuseGraphName(out: string, operand: string): void {
  if (out.endsWith(documentExtension) || resolve(out) === resolve(operand))
    throw new UsageError(`"${out}" is the name of a graph; give the report another one.`);
}

/** What `--html` names; a page tells of one run. */
export function htmlPlace(
  given: string | undefined,
  operand: string,
  { prompts, json }: { readonly prompts: number; readonly json: string | undefined },
): string | undefined {
  if (given === undefined) return undefined;
  if (given === '') throw new UsageError('--html needs the name of a file.');
  if (prompts > 1)
    throw new UsageError('--html tells of one run, so it goes with one --prompt; run them apart.');
  if (json !== undefined && resolve(json) === resolve(given))
    throw new UsageError(`--json and --html both go to "${given}"; give one another name.`);
  refuseGraphName(given, operand);
  return given;
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

export function writeHtml(out: string, told: ToldRun): Promise<Outcome<null>> {
  return writeWhole(out, reportHtml({ ...told, catalogue }), { acceptsStreams: true });
}
