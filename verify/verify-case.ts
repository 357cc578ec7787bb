/** Checks one recorded case with whatever node of the catalogue it belongs to. */
import { checkFastv } from './check-fastv.ts';
import { checkClip, checkDinov2, checkSiglip, checkTimmDinov2 } from './check-encoder.ts';
import { checkLanguageModel } from './check-language-model.ts';
import { checkExperts } from './check-experts.ts';
import { checkLlava } from './check-pipeline.ts';
import { checkPreprocess } from './check-preprocess.ts';
import { checkMlp, checkPixelShuffle } from './check-projector.ts';
import { checkPrumerge } from './check-prumerge.ts';
import { checkTokenizer } from './check-tokenizer.ts';
import type { CaseCheck } from './case-check.ts';
import type { CaseResult } from './case-result.ts';
import type { Comparison } from './comparison.ts';
import type { RecordedCase } from './recorded-case.ts';
import type { Workbench } from './workbench.ts';

/** By family, then by name where a family is not checked alike. */
const checks: Readonly<Record<string, CaseCheck | Readonly<Record<string, CaseCheck>>>> = {
  encoder: {
    'clip-vit': checkClip,
    'clip-vit-gelu': checkClip,
    'clip-vit-interpolate': checkClip,
    siglip: checkSiglip,
    'siglip-interpolate': checkSiglip,
    dinov2: checkDinov2,
    'dinov2-swiglu': checkDinov2,
    'dinov2-with-registers': checkDinov2,
    'timm-dinov2-reg': checkTimmDinov2,
  },
  projector: {
    'llava-mlp': checkMlp,
    'idefics3-pixel-shuffle': checkPixelShuffle,
    'smolvlm-pixel-shuffle': checkPixelShuffle,
    'internvl-pixel-shuffle': checkPixelShuffle,
  },
  compression: { prumerge: checkPrumerge },
  acceleration: { fastv: checkFastv },
  moe: { 'mixtral-block': checkExperts },
  slm: checkLanguageModel,
  preprocess: checkPreprocess,
  tokenizer: checkTokenizer,
  pipeline: { 'llava-clip-llama': checkLlava, 'llava-siglip-phi': checkLlava },
};

export async function verifyCase(
  recorded: RecordedCase,
  workbench: Workbench,
): Promise<CaseResult> {
  const { family, name, atol } = recorded;
  const byFamily = Object.hasOwn(checks, family) ? checks[family] : undefined;
  const check = typeof byFamily === 'function' ? byFamily : byFamily?.[name];
  const facts = { family, name, atol };
  if (!check) {
    const message = 'No node for this mechanism yet.';
    return { ...facts, status: 'unsupported', maxAbsError: null, message };
  }
  const checked = await check(recorded, workbench);
  await workbench.clear();
  if ('unsupported' in checked) {
    const message = `Not supported: ${checked.unsupported}`;
    return { ...facts, status: 'unsupported', maxAbsError: null, message };
  }
  if (!checked.ok) {
    const message = checked.problems.map((problem) => problem.message).join(' ');
    return { ...facts, status: 'fail', maxAbsError: null, message };
  }
  return { ...facts, ...verdict(checked.value) };
}

function verdict(
  comparisons: readonly Comparison[],
): Pick<CaseResult, 'status' | 'maxAbsError' | 'message'> {
  const worst = Math.max(...comparisons.map(({ maxAbsError }) => maxAbsError));
  const wrong = comparisons.filter(({ maxAbsError, atol }) => !(maxAbsError <= atol));
  const names = comparisons.map(({ output }) => output).join(', ');
  if (comparisons.length > 0 && wrong.length === 0) {
    return { status: 'pass', maxAbsError: worst, message: names };
  }
  const message = wrong
    .map(({ output, maxAbsError, note }) => `${output}: ${note ?? `off by ${maxAbsError}`}`)
    .join('; ');
  // JSON knows no infinity.
  const maxAbsError = Number.isFinite(worst) ? worst : null;
  return {
    status: 'fail',
    maxAbsError,
    message: message === '' ? 'nothing was compared' : message,
  };
}
