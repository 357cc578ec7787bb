/** Visual tokens that language models read, as they are said in a line. Pure. */
import type { GraphEstimate } from '#engine/estimate/estimate.ts';
import type { LanguageEstimate } from '#engine/estimate/stage-cost.ts';

/** "144 → 72" where the model drops some of them; null where it sees no picture. */
export function visualTokensText({
  visualTokens,
  keptVisualTokens,
}: LanguageEstimate): string | null {
  if (visualTokens === 0) return null;
  return keptVisualTokens === visualTokens
    ? String(visualTokens)
    : `${visualTokens} → ${keptVisualTokens}`;
}

/** Of a whole graph; null also where its models read different counts, as each then says its own. */
export function graphVisualTokensText({ stages }: GraphEstimate): string | null {
  const texts = stages.flatMap(({ language }) => (language && visualTokensText(language)) ?? []);
  const [only, other] = new Set(texts);
  return other === undefined ? (only ?? null) : null;
}
