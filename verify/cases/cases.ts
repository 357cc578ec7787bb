/** Which node runs which recorded case: a case of a family that is here already costs a row, or nothing. */
import { accelerationRows } from './rows/acceleration.ts';
import { attentionRows } from './rows/attention.ts';
import type { CaseRow } from './rows/case-row.ts';
import { compressionRows } from './rows/compression.ts';
import { encoderTimmRows } from './rows/encoder-timm.ts';
import { encoderRows } from './rows/encoder.ts';
import { moeRows } from './rows/moe.ts';
import { pipelineRows } from './rows/pipeline.ts';
import { preprocessRows } from './rows/preprocess.ts';
import { projectorRows } from './rows/projector.ts';
import { resamplerRows } from './rows/resampler.ts';
import { slmRows } from './rows/slm.ts';
import { ssmRows } from './rows/ssm.ts';
import { stagedEncoderRows } from './rows/staged-encoder.ts';
import { tokenizerRows } from './rows/tokenizer.ts';

/** A case is looked up among the rows of its family; the first that fits is its own. */
export const caseRows: readonly CaseRow[] = [
  ...encoderRows,
  ...stagedEncoderRows,
  ...encoderTimmRows,
  ...compressionRows,
  ...projectorRows,
  ...resamplerRows,
  ...moeRows,
  ...attentionRows,
  ...accelerationRows,
  ...slmRows,
  ...preprocessRows,
  ...ssmRows,
  ...tokenizerRows,
  ...pipelineRows,
];

export function rowFor(
  rows: readonly CaseRow[],
  of: { readonly family: string; readonly name: string; readonly modelType: unknown },
): CaseRow | undefined {
  return rows.find(
    ({ family, names, modelTypes }) =>
      family === of.family &&
      (names === undefined || names.includes(of.name)) &&
      (modelTypes === undefined || modelTypes.some((type) => type === of.modelType)),
  );
}
