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

/** Of logits: more of a large vocabulary would take more memory than the state of a long prompt. */
const rowsAtOnce = 32;

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
      for (const choice of choices) {
        const going = context.cancel.check();
        if (!going.ok) return going;
        const score = await refusable(stage.title, () => scoreOf(model, logits, choice));
        if (!score.ok) return score;
        scores.push(score.value);
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
      movedBytes: calls.movedBytes(step.graphs.decoder),
      ...stateFacts(model),
    }),
  );
}

/**
 * Behind what the model has read, of which `logits` [V] are the last place's; the model is left as it was. The last
 * token needs no look: what is behind it does not count.
 */
export async function scoreOf(
  model: LanguageModel,
  logits: Float32Array,
  { text, ids }: Choice,
): Promise<ChoiceScore> {
  const { length: size } = logits;
  const mark = model.mark();
  let sum = logProbability(logits, ids[0] as number);
  for (let at = 1; at < ids.length; at += rowsAtOnce) {
    const scored = ids.slice(at, at + rowsAtOnce);
    const rows = await model.extend(ids.slice(at - 1, at - 1 + scored.length), 'all', 0); // [scored, V]
    for (const [row, id] of scored.entries())
      sum += logProbability(rows.subarray(row * size, (row + 1) * size), id);
  }
  if (ids.length > 1) await model.keep(mark, []);
  return { text, tokens: ids.length, sum, mean: sum / ids.length };
}

/** log softmax of logits [V] at a token. */
function logProbability(logits: Float32Array, id: number): number {
  const most = logits[largest(logits)]!;
  let total = 0;
  for (const logit of logits) total += Math.exp(logit - most);
  return logits[id]! - most - Math.log(total);
}
