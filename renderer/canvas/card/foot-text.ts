/** The lines at the foot of a card: estimated before a run, measured after it. Pure. */
import {
  formatBytes,
  formatFlops,
  formatMilliseconds,
  formatRate,
} from '#engine/contract/format.ts';
import type { LanguageReport, Report, StageReport } from '#engine/contract/report.ts';
import { isDecoding } from '#engine/contract/run-event.ts';
import type { StageEstimate } from '#engine/estimate/estimate.ts';

export interface FootText {
  /** Left and right of each line. */
  readonly lines: readonly (readonly [string, string])[];
}

export interface MeasuredFoot extends FootText {
  /** Part of the wall time, 0 to 1. */
  readonly share: number;
}

/** Null for a stage whose cost nobody can reckon, such as decoding a picture. */
export function estimatedFoot(stage: StageEstimate): FootText | null {
  const { flops, weightBytes, activationBytes, keyValueBytes, recurrentBytes, language } = stage;
  if (flops === 0 && weightBytes === 0) return null;
  const stateBytes = keyValueBytes + recurrentBytes;
  const memory = formatBytes(weightBytes + activationBytes + stateBytes);
  if (!language) return { lines: [[`est. ${flopText(flops)}`, memory]] };
  const perToken = flopText(language.decodeFlopsPerToken);
  return {
    lines: [
      [`est. ${flopText(language.prefillFlops)}`, memory],
      withState([`${perToken}/token`, `${perToken}/tok`], { stateBytes, kvBytes: keyValueBytes }),
    ],
  };
}

/** Letters of the numbers' font that surely fit on one line of a card, over a gap. */
const lettersPerLine = 26;

/** Beside what is carried from token to token, the longest wording that leaves it room. */
function withState(
  wordings: Wordings,
  { stateBytes, kvBytes }: { readonly stateBytes: number; readonly kvBytes: number },
): readonly [string, string] {
  const state = `${stateBytes > kvBytes ? 'state' : 'KV'} ${formatBytes(stateBytes)}`;
  const [long, short] = wordings;
  return [long.length + state.length <= lettersPerLine ? long : short, state];
}

type Wordings = readonly [long: string, short: string];

const flopText = (flops: number): string => {
  const text = formatFlops(flops);
  return /\d$/.test(text) ? `${text} FLOP` : `${text}FLOP`;
};

/** Of all rows that one node has in the report; null before any of them is measured. */
export function measuredFoot(
  rows: readonly StageReport[],
  { totals, languageModels }: Report,
): MeasuredFoot | null {
  const measured = rows.filter(({ latencyMs }) => latencyMs.runs > 0);
  if (measured.length === 0)
    return rows.some(({ reused }) => reused) ? { lines: [['reused', '']], share: 0 } : null;
  const totalMs = measured.reduce((sum, { latencyMs }) => sum + latencyMs.median, 0);
  const share = totals.wallMs > 0 ? Math.min(1, totalMs / totals.wallMs) : 0;
  const peak = formatBytes(Math.max(...measured.map(({ memory }) => memory.peakBytes)));
  const prefill = measured.find(({ phase }) => phase === 'prefill');
  if (!prefill) return { lines: [[formatMilliseconds(totalMs), peak]], share };
  const model = languageModels.find(({ node }) => node === prefill.node);
  const most = (bytes: 'stateBytes' | 'kvBytes'): number =>
    Math.max(...measured.map(({ memory }) => memory[bytes]));
  return {
    lines: [
      [`prefill ${formatMilliseconds(prefill.latencyMs.median)}`, peak],
      withState(measured.some(isDecoding) ? decodeWordings(model) : ['', ''], {
        stateBytes: most('stateBytes'),
        kvBytes: most('kvBytes'),
      }),
    ],
    share,
  };
}

/** An answer of one token comes out of prefill. */
function decodeWordings(model: LanguageReport | undefined): Wordings {
  const perSecond = model?.decodeTokensPerSecond ?? null;
  if (perSecond === null) return ['no decoding', 'no decoding'];
  const speed = `${formatRate(perSecond)} tok/s`;
  return [`decode ${speed}`, speed];
}
