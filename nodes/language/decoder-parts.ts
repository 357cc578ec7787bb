/** What the parts of a language model leave of one another: what cannot be combined, and what would do nothing. */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error, warning, type Problem } from '#engine/contract/problem.ts';
import { choosesLayer } from '#engine/node/layer-choice.ts';
import type { ActsAt, WireOf } from '#engine/node/wire.ts';
import type { DecoderArchitecture } from './architecture/decoder-architecture.ts';

interface PluggedIn {
  readonly feedForward: readonly WireOf<'feed-forward'>[];
  readonly acceleration: readonly WireOf<'acceleration'>[];
}

/** Fails with `parts-conflict`; the value are warnings of parts at layers that the model does not have. */
export function checkDecoderParts(
  { feedForward, acceleration }: PluggedIn,
  layerCount: number,
): Outcome<readonly Problem[]> {
  const acts = acceleration.map((wire) => wire.acts);
  const atLayers = acts.filter((each) => each.at !== 'draft');
  const inside = atLayers.filter(({ layer }) => layer < layerCount);
  const problems = [
    ...boundaryProblems(inside.toSorted((a, b) => a.layer - b.layer)),
    ...maskingProblems(inside),
    ...decodingProblems(acts),
    ...feedForwardProblems(feedForward, layerCount),
  ];
  if (problems.length > 0) return fail(...problems);
  const beyond = atLayers.filter(({ layer }) => layer >= layerCount);
  return ok(beyond.map((part) => beyondProblem(part, layerCount)));
}

/** Why visual tokens cannot leave a model of this attention; null where they can. */
export function droppingProblem(
  acceleration: readonly WireOf<'acceleration'>[],
  {
    attentionWindow,
    promptAttention,
    layerCount,
  }: Pick<DecoderArchitecture, 'attentionWindow' | 'promptAttention' | 'layerCount'>,
): Problem | null {
  const drops = acceleration.some(
    ({ acts }) => acts.at === 'between-blocks' && acts.layer < layerCount,
  );
  if (!drops) return null;
  if (attentionWindow !== null)
    return conflict(
      `A part drops visual tokens, and the model's attention slides over the last ${attentionWindow}, which without them would be others than it was taught; unplug the part, or choose a model without a window.`,
    );
  if (promptAttention === 'pictures')
    return conflict(
      'A part drops visual tokens, for which the prompt is read at once, and the model reads each picture by itself, since its tokens see each other; unplug the part, or choose a model whose tokens see what comes before them.',
    );
  return null;
}

type AtLayer = Exclude<ActsAt, { at: 'draft' }>;

/** `parts` by ascending layer. */
function boundaryProblems(parts: readonly AtLayer[]): readonly Problem[] {
  const problems: Problem[] = [];
  let emptied: number | null = null;
  for (const [index, part] of parts.entries()) {
    const { layer } = part;
    const before = parts[index - 1];
    if (before?.layer === layer) problems.push(conflict(sameLayer(before, part)));
    else if (emptied !== null && part.at === 'between-blocks')
      problems.push(
        conflict(
          `Before layer ${emptied} all visual tokens leave, so the part at layer ${layer} has none to drop; move it before layer ${emptied}, or unplug it.`,
        ),
      );
    if (part.at === 'between-blocks' && part.leaves === 'none') emptied ??= layer;
  }
  return problems;
}

function sameLayer(a: AtLayer, b: AtLayer): string {
  const where = `before layer ${a.layer}`;
  if (a.at === 'between-blocks' && b.at === 'between-blocks')
    return `Two parts drop visual tokens ${where}, and the second would rank what is no longer there; give one of them another layer, or unplug it.`;
  if (a.at === 'exit' && b.at === 'exit')
    return `Two parts let tokens leave ${where}; unplug one of them.`;
  return `One part drops visual tokens ${where}, and another lets tokens leave there; give one of them another layer.`;
}

/** Which tokens are masked is told behind every boundary, and a token that leaves early tells nothing. */
function maskingProblems(parts: readonly AtLayer[]): readonly Problem[] {
  const masks = parts.some((part) => part.at === 'between-blocks' && part.pruned === 'masked');
  if (!masks || parts.every(({ at }) => at !== 'exit')) return [];
  return [
    conflict(
      'An early exit cannot be combined with a part that masks visual tokens; let that part drop them, or unplug one of the two.',
    ),
  ];
}

/** A token is guessed in one way. */
function decodingProblems(acts: readonly ActsAt[]): readonly Problem[] {
  const drafts = acts.filter(({ at }) => at === 'draft').length;
  const exits = new Set(acts.flatMap((each) => (each.at === 'exit' ? each.layer : []))).size;
  if (drafts > 1)
    return [
      conflict(`${drafts} draft models would guess the same tokens; unplug all of them but one.`),
    ];
  if (drafts > 0 && exits > 0)
    return [
      conflict(
        'A draft model and an early exit both guess the next tokens; unplug one of the two.',
      ),
    ];
  if (exits > 1)
    return [conflict('Tokens can leave early at one layer only; unplug all early exits but one.')];
  return [];
}

function feedForwardProblems(
  parts: readonly WireOf<'feed-forward'>[],
  layerCount: number,
): readonly Problem[] {
  const layers = Array.from({ length: layerCount }, (_, layer) => layer);
  const shared = layers.filter(
    (layer) => parts.filter((part) => choosesLayer(part.layers, layer, layerCount)).length > 1,
  );
  const [first] = shared;
  if (first === undefined) return [];
  const more = shared.length > 1 ? ` and ${shared.length - 1} more` : '';
  const message = `Two parts would replace the feed-forward of layer ${first}${more}; choose layers for them that do not meet, such as the first and the second half.`;
  return [error('parts-conflict', message, { port: 'feedForward' })];
}

function conflict(message: string): Problem {
  return error('parts-conflict', message, { port: 'acceleration' });
}

function beyondProblem(part: AtLayer, layerCount: number): Problem {
  const what = part.at === 'exit' ? 'lets tokens leave' : 'drops visual tokens';
  const message = `A part ${what} before layer ${part.layer}, but the model's layers are 0 to ${layerCount - 1}, so it does nothing; choose an earlier layer.`;
  return warning('parts-conflict', message, { port: 'acceleration' });
}
