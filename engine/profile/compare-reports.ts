/** Two runs side by side: which stages belong together, and how the second does against the first. Pure. */
import { formatBytes, formatMilliseconds, formatRate } from '../contract/format.ts';
import type { LanguageReport, Report, StageReport } from '../contract/report.ts';
import { draftText } from './draft-text.ts';
import { noiseSentences } from './pass-sentences.ts';
import { languageTitles } from './language-titles.ts';
import { passCount } from './pass-count.ts';
import { formatChange, formatPercent, formatTimes } from './format-ratio.ts';
import {
  firstToken,
  noise,
  speedWords,
  tokenTime,
  wholePass,
  type Timed,
  type Written,
} from './compare-times.ts';

export interface StagePair {
  /** Null where only the other run has such a stage. */
  readonly a: StageReport | null;
  readonly b: StageReport | null;
}

/** What makes two nodes the same, the surest first. */
const marks: readonly ((stage: StageReport) => string)[] = [
  ({ node }) => node,
  ({ type }) => type,
  ({ title }) => title,
];

/** The node of the second run that stands for each node of the first. */
function pairNodes(
  a: readonly StageReport[],
  b: readonly StageReport[],
): ReadonlyMap<string, string> {
  const partners = new Map<string, string>();
  const taken = new Set<string>();
  for (const markOf of marks) {
    for (const stage of a) {
      if (partners.has(stage.node)) continue;
      const partner = b.find((other) => !taken.has(other.node) && markOf(other) === markOf(stage));
      if (!partner) continue;
      partners.set(stage.node, partner.node);
      taken.add(partner.node);
    }
  }
  return partners;
}

/**
 * Stages matched by node id, then by type, then by title of their nodes, in the order in which they run.
 * A phase never stands for another one.
 */
export function pairStages(
  a: readonly StageReport[],
  b: readonly StageReport[],
): readonly StagePair[] {
  const partners = pairNodes(a, b);
  const partnerOf = ({ node, phase }: StageReport): StageReport | null =>
    b.find((other) => other.node === partners.get(node) && other.phase === phase) ?? null;
  const pairs: StagePair[] = a.map((stage) => ({ a: stage, b: partnerOf(stage) }));
  const taken = new Set(pairs.map((pair) => pair.b));
  for (const [place, stage] of b.entries()) {
    if (taken.has(stage)) continue;
    const before = b[place - 1];
    const after = pairs.findIndex((pair) => pair.b !== null && pair.b === before);
    pairs.splice(after + 1, 0, { a: null, b: stage });
  }
  return pairs;
}

/** "−62 %" or "2.6×", of the second against the first; null where nothing changes or there is no first. */
export function changeWords(a: number | null, b: number | null): string | null {
  if (a === null || b === null || a <= 0 || a === b) return null;
  return b >= 2 * a ? formatTimes(b / a) : formatChange(a, b);
}

/** "1.8× faster · −62 % tokens", of the second stage against the first. */
export function pairWords({ a, b }: StagePair): string {
  if (!a) return 'only in B';
  if (!b) return 'only in A';
  const tokens = changeWords(a.tokensOut ?? a.tokensIn, b.tokensOut ?? b.tokensIn);
  const parts = [
    reusedIn(a, b),
    a.latencyMs.runs > 0 && b.latencyMs.runs > 0 ? speedWords(a.latencyMs, b.latencyMs) : null,
    tokens === null ? null : `${tokens} tokens`,
  ];
  return parts.filter((part) => part !== null).join(' · ') || '–';
}

function reusedIn(a: StageReport, b: StageReport): string | null {
  if (!a.reused && !b.reused) return null;
  return `reused in ${[...(a.reused ? ['A'] : []), ...(b.reused ? ['B'] : [])].join(' and ')}`;
}

export interface Difference {
  /** The language model that it is about, where there are several; null for the whole. */
  readonly of: string | null;
  readonly sentences: readonly string[];
}

/** What matters, said in sentences, B against A. */
export function differences(a: Report, b: Report): readonly Difference[] {
  const whole = [
    passSentence(wholePass(a), wholePass(b)),
    peakSentence(a.totals.peakBytes, b.totals.peakBytes),
  ];
  const cautions = [reuseSentence(a, b), onceSentence(a, b)];
  return [
    ...cautions.flatMap(ofWhole),
    ...languageDifferences(a, b),
    ...whole.flatMap(ofWhole),
    ...[disturbedSentence('A', a), disturbedSentence('B', b)].flatMap(ofWhole),
  ];
}

const ofWhole = (sentence: string | null): readonly Difference[] =>
  sentence === null ? [] : [{ of: null, sentences: [sentence] }];

/** Each language model against the one that stands for it in the other run. */
function languageDifferences(a: Report, b: Report): readonly Difference[] {
  const partners = pairNodes(a.stages, b.stages);
  const titles = [languageTitles(a.languageModels), languageTitles(b.languageModels)] as const;
  const areSeveral = Math.max(titles[0].size, titles[1].size) > 1;
  return a.languageModels.flatMap((model) => {
    const other = b.languageModels.find(({ node }) => node === partners.get(model.node));
    if (!other) return [];
    const sentences = [
      firstTokenSentence(firstToken(model), firstToken(other)),
      prefillSentence(prefillOf(a, model), prefillOf(b, other)),
      decodeSentence([a, model], [b, other]),
    ].filter((sentence) => sentence !== null);
    if (!areSeveral) return sentences.flatMap(ofWhole);
    const names = new Set([titles[0].get(model.node), titles[1].get(other.node)]);
    return sentences.length > 0 ? [{ of: [...names].join(' → '), sentences }] : [];
  });
}

const prefillOf = ({ stages }: Report, model: LanguageReport): StageReport | undefined =>
  stages.find(
    ({ node, phase, latencyMs }) =>
      node === model.node && phase === 'prefill' && latencyMs.runs > 0,
  );

function decodeSentence(a: Written, b: Written): string | null {
  const words = speedWords(tokenTime(a), tokenTime(b));
  if (words === null) return null;
  return `B writes ${words}: ${rateText(b[1])}, A ${rateText(a[1])}.`;
}

/** "42 tokens / s with 31 of 40 guesses kept" */
function rateText({ draft, decodeTokensPerSecond }: LanguageReport): string {
  const speed = `${formatRate(decodeTokensPerSecond ?? 0)} tokens / s`;
  return draft ? `${speed} with ${draftText(draft)}` : speed;
}

function firstTokenSentence(a: Timed, b: Timed): string | null {
  const words = speedWords(a, b);
  if (words === null) return null;
  return `B reaches its first token ${words}: after ${formatMilliseconds(b.median)}, A after ${formatMilliseconds(a.median)}.`;
}

/** Times of what was not run are no times to compare. */
function reuseSentence(a: Report, b: Report): string | null {
  const [inA, inB] = [a, b].map(isReusing);
  if (!inA && !inB) return null;
  const who = inA && inB ? 'Both' : inA ? 'A' : 'B';
  return `${who} reused what the run before had read, which took no time; for times to compare, run without.`;
}

const isReusing = ({ stages, languageModels }: Report): boolean =>
  stages.some(({ reused }) => reused) ||
  languageModels.some(({ reused }) => reused !== null && reused.visual + reused.words > 0);

/** What one pass says of another may be chance. */
function onceSentence(a: Report, b: Report): string | null {
  const once = [a, b].map((report) => report.totals.wallMs > 0 && passCount(report) === 1);
  if (!once.includes(true)) return null;
  const who = once[0] && once[1] ? 'Each' : once[0] ? 'A' : 'B';
  return `${who} was timed once, so what is chance cannot be told; set more passes for that.`;
}

function disturbedSentence(letter: string, { noise: disturbance }: Report): string | null {
  const sentences = noiseSentences(disturbance);
  return sentences.length > 0 ? `Of ${letter}: ${sentences.join(' ')}` : null;
}

function passSentence(a: Timed, b: Timed): string | null {
  const words = speedWords(a, b);
  if (words === null) return null;
  return `B runs the whole graph ${words}: in ${formatMilliseconds(b.median)}, A in ${formatMilliseconds(a.median)}.`;
}

function prefillSentence(a: StageReport | undefined, b: StageReport | undefined): string | null {
  const read = [a?.tokensIn ?? 0, b?.tokensIn ?? 0] as const;
  const kept = [a?.tokensOut ?? 0, b?.tokensOut ?? 0] as const;
  if (Math.min(...read) <= 0) return null;
  if (read[0] !== read[1])
    return `B prefills ${moreOrLess(...read, 'fewer')} tokens: ${read[1]}, A ${read[0]}.`;
  if (kept[0] !== kept[1] && Math.min(...kept) > 0)
    return `Both prefill ${read[0]} tokens; B keeps ${moreOrLess(...kept, 'fewer')}: ${kept[1]}, A ${kept[0]}.`;
  return `Both prefill ${read[0]} tokens.`;
}

function peakSentence(a: number, b: number): string | null {
  if (a <= 0 || b <= 0) return null;
  const both = `${formatBytes(b)}, A ${formatBytes(a)}`;
  return Math.abs(b / a - 1) < noise
    ? `Both peak at about the same memory: B at ${both}.`
    : `B peaks at ${moreOrLess(a, b, 'less')} memory: ${both}.`;
}

/** "62 % fewer", "12 % more", "2.6× as many" of the second against the first. */
function moreOrLess(a: number, b: number, less: 'fewer' | 'less'): string {
  if (b < a) return `${formatPercent((a - b) / a)} ${less}`;
  if (b < 2 * a) return `${formatPercent((b - a) / a)} more`;
  return `${formatTimes(b / a)} as ${less === 'fewer' ? 'many' : 'much'}`;
}
