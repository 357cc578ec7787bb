/** How probable each of some given answers is if one of them it is: the softmax of the scores that rank them. Pure. */
import type { ScoredChoices } from '../contract/run-event.ts';

export interface ChoiceShare {
  readonly text: string;
  /** 0 to 1; those of all choices together make 1. */
  readonly share: number;
  readonly sum: number;
  readonly mean: number;
  readonly isBest: boolean;
}

export function choiceShares({ ranksBy, scores }: ScoredChoices): readonly ChoiceShare[] {
  const most = Math.max(...scores.map((score) => score[ranksBy]));
  const weights = scores.map((score) => Math.exp(score[ranksBy] - most));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const best = scores.findIndex((score) => score[ranksBy] === most);
  return scores.map(({ text, sum, mean }, index) => ({
    text,
    share: (weights[index] as number) / total,
    sum,
    mean,
    isBest: index === best,
  }));
}
