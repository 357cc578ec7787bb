/**
 * Scores given answers by their likelihood behind a prompt, as multiple choice is evaluated (lm-evaluation-harness,
 * `loglikelihood`). The prompt is read once; the state goes back to its end for each answer.
 */
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { ChoiceScore } from '#engine/contract/run-event.ts';
import type { Choices } from '#engine/node/host-step.ts';
import { refusable } from '../sessions/load-model.ts';
import type { Answer } from './answer.ts';
import { CallCount } from './call-count.ts';
import { stateFacts, type Generation } from './generation.ts';
import type { LanguageModel } from './language-model.ts';
import { largest } from './sampling.ts';

/** A given answer as the model would write it. */
export interface Choice {
  readonly text: string;
  readonly ids: readonly number[];
}

/** The likeliest of the answers, behind a prompt of which `logits` [V] are the last place's, with the scores of all. */
export async function chooseAnswer(
  { stage, step, language, row, pass, context }: Generation,
  logits: Float32Array,
  choices: readonly Choice[],
  ranksBy: Choices['ranksBy'],
): Promise<Outcome<Answer>> {
  const { model, decoder } = language;
  const calls = new CallCount();
  const startedMs = pass.elapsedMs;
  return pass.span(
    row('score'),
    decoder.ownBytes,
    async () => {
      model.countIn(calls);
      const scores: ChoiceScore[] = [];
      const endOfPrompt = model.mark();
      for (const { text, ids } of choices) {
        const going = context.cancel.check();
        if (!going.ok) return going;
        const sum = await refusable(stage.title, async () => {
          const likelihood = await logLikelihood(model, logits, ids);
          await model.keep(endOfPrompt, []);
          return likelihood;
        });
        if (!sum.ok) return sum;
        const { length: tokens } = ids;
        scores.push({ text, tokens, sum: sum.value, mean: sum.value / tokens });
      }
      const best = largest(scores.map((score) => score[ranksBy]));
      const { text, ids } = choices[best] as Choice;
      const writingMs = pass.elapsedMs - startedMs;
      const written = { timeToFirstTokenMs: null, writingMs, draft: null };
      return ok({
        node: stage.id,
        index: 0,
        text,
        tokenIds: ids,
        ...written,
        choices: { ranksBy, scores },
      });
    },
    () => ({
      tokensIn: choices.reduce((total, { ids }) => total + ids.length, 0),
      flops: calls.flops(step.graphs.decoder),
      ...stateFacts(model),
    }),
  );
}

/** Of tokens behind what the model has read, of which `logits` [V] are the last place's. The last token is not read. */
export async function logLikelihood(
  model: LanguageModel,
  logits: Float32Array,
  ids: readonly number[],
): Promise<number> {
  const [first, ...others] = ids as readonly [number, ...number[]];
  let sum = logProbability(logits, first);
  if (others.length === 0) return sum;
  const rows = await model.extend(ids.slice(0, -1), 'all', 0);
  const size = logits.length;
  for (const [place, id] of others.entries())
    sum += logProbability(rows.subarray(place * size, (place + 1) * size), id);
  return sum;
}

/** log softmax of logits [V] at a token. */
export function logProbability(logits: Float32Array, id: number): number {
  const most = logits[largest(logits)]!;
  let total = 0;
  for (const logit of logits) total += Math.exp(logit - most);
  return logits[id]! - most - Math.log(total);
}
