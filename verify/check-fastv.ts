/** FastV in a recorded language model: every layer's input, the tokens kept, the logits and the continuation. */
import { ok } from '#engine/contract/outcome.ts';
import { fastv } from '#nodes/acceleration/fastv.ts';
import type { TokenReductionPart } from '#engine/node/part.ts';
import { compareFloats, compareWholes } from './comparison.ts';
import { architectureOf } from './node-params.ts';
import type { RecordedTensor } from './recorded-case.ts';
import { continueGreedily, openLanguageModel } from './recorded-language-model.ts';
import type { CaseCheck } from './case-check.ts';

export const checkFastv: CaseCheck = async (recorded, workbench) => {
  const { config, folder, inputs, outputs, atol } = recorded;
  const architecture = architectureOf(config);
  if (typeof architecture === 'string') return { unsupported: architecture };
  const acceleration = partOf(Number(config['fastv_k']), Number(config['fastv_r']));
  const layers = architecture.layerCount;
  // hidden<i> enters layer i; the last one has passed the final norm.
  const hidden = Array.from({ length: layers + 1 }, (_, layer) =>
    layer === 0 ? 'embeddings' : layer === layers ? 'final' : `block.${layer - 1}`,
  );
  const taps = [...hidden, 'kept', 'scores'];
  const boundaries = [acceleration];
  const model = await openLanguageModel({ architecture, folder, boundaries, taps }, workbench);
  if (!model.ok) return model;

  const count = Number(config['image_token_length']);
  const visual = {
    start: Number(config['image_token_start_index']),
    count,
  };
  const expected = (name: string) => outputs.get(name) as RecordedTensor;
  const embeddings = Float32Array.from((inputs.get('inputs_embeds') as RecordedTensor).data);
  const [results = {}] = await model.value.begin(embeddings, [visual], 'all', 0);
  const logits = results['logits']?.data as Float32Array;
  const steps = expected('greedy_tokens').data.length;
  const last = logits.subarray(logits.length - architecture.vocabularySize);
  const greedy = await continueGreedily(model.value, last, steps);
  const tapped = (name: string) => results[`tap.${name}`]?.data;
  return ok([
    ...hidden.map((tap, layer) =>
      compareFloats(
        `hidden${layer}`,
        tapped(tap) as Float32Array,
        expected(`hidden${layer}`),
        atol,
      ),
    ),
    compareFloats('image_scores', tapped('scores') as Float32Array, expected('image_scores'), atol),
    compareWholes(
      'kept_positions',
      Array.from(tapped('kept') as BigInt64Array, Number),
      Array.from(expected('kept_positions').data),
    ),
    compareFloats('logits', logits, expected('logits'), atol),
    compareWholes('greedy_tokens', greedy.ids, Array.from(expected('greedy_tokens').data)),
    compareFloats('greedy_logits', greedy.logits, expected('greedy_logits'), atol),
  ]);
};

function partOf(layer: number, ratio: number): TokenReductionPart {
  const { body } = fastv;
  if (body.kind !== 'part') throw new Error('FastV is a part.');
  const part = body.part({
    params: { layer, ratio },
    withWeights: (_g, emit) => emit(),
    newGraph: () => {
      throw new Error('FastV has no graph of its own.');
    },
  });
  if (part.kind !== 'token-reduction') throw new Error('FastV accelerates.');
  return part;
}
