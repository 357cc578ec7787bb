/** What checking a recorded case comes to. */
import type { Outcome } from '#engine/contract/outcome.ts';
import type { Comparison } from './comparison.ts';
import type { RecordedCase } from './recorded-case.ts';
import type { Workbench } from './workbench.ts';

/** A check says what it compared, or why the catalogue cannot run the case yet. */
export type Checked = Outcome<readonly Comparison[]> | { readonly unsupported: string };
export type CaseCheck = (recorded: RecordedCase, workbench: Workbench) => Promise<Checked>;
