/** What checking a recorded case comes to. */
import type { Outcome } from '#engine/contract/outcome.ts';
import type { Comparison } from '../cases/comparison.ts';
import type { RecordedCase } from '../cases/recorded-case.ts';
import type { Workbench } from '../workbench.ts';

/** A check says what it compared, or why the catalogue cannot run the case yet. */
export type Checked = Outcome<readonly Comparison[]> | { readonly unsupported: string };

/** Runs the cases of one shape of row. */
export type Driver<Row> = (
  row: Row,
  recorded: RecordedCase,
  workbench: Workbench,
) => Promise<Checked>;
