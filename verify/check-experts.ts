/** One recorded block of experts. */
import { ok } from '#engine/contract/outcome.ts';
import { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { feedForward } from '#nodes/moe/feed-forward.ts';
import { expertKeyLayouts } from '#nodes/moe/expert-names.ts';
import { activationFromConfig } from '#nodes/config/published-config.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { compareFloats } from './comparison.ts';
import type { RecordedTensor } from './recorded-case.ts';
import type { CaseCheck } from './case-check.ts';

export const checkExperts: CaseCheck = async (
  { config, folder, inputs, outputs, atol },
  workbench,
) => {
  const activation = activationFromConfig(config['hidden_act']);
  if (activation === null)
    return { unsupported: `the activation ${JSON.stringify(config['hidden_act'])}` };
  const { body } = feedForward;
  if (body.kind !== 'part') throw new Error('Experts are a part.');
  const source = { kind: 'checkpoint', folder } as const;
  const setting = { origin: { node: 'case', source, layouts: expertKeyLayouts }, blocks: null };
  const part = body.part({
    params: {
      experts: Number(config['num_local_experts']),
      topK: Number(config['num_experts_per_tok']),
      layers: 'all',
      renormalise: true,
      start: 'own',
      weights: source,
      precision: 'float32',
      blockSize: '32',
    },
    withWeights: (g, emit) => g.weightsFrom(setting, emit),
    newGraph: () => {
      throw new Error('Experts have no graph of their own.');
    },
  });
  if (part.kind !== 'feed-forward') throw new Error('Experts are a feed-forward.');

  const { shape, data } = inputs.get('hidden_states') as RecordedTensor;
  const channels = shape.at(-1) ?? 0;
  const tokens = data.length / channels;
  const g = new GraphBuilder();
  const x = g.input('hidden', 'float32', [1, tokens, channels]);
  const host = {
    name: 'mlp',
    hiddenSize: channels,
    feedForwardSize: Number(config['intermediate_size']),
    activation,
    bias: false,
    gated: true,
    dense: () => {
      throw new Error('A recorded block has experts of its own.');
    },
  };
  g.output('mixed', part.emit(g, x, host));
  g.output('router', g.tapped('router-logits'));
  const ran = await workbench.run(g.finish(), {
    hidden: float32(Float32Array.from(data), [1, tokens, channels]),
  });
  if (!ran.ok) return ran;
  const numbers = (name: string) => ran.value[name]?.data as Float32Array;
  const expected = (name: string) => outputs.get(name) as RecordedTensor;
  return ok([
    compareFloats('hidden_states', numbers('mixed'), expected('hidden_states'), atol),
    compareFloats('router_logits', numbers('router'), expected('router_logits'), atol),
  ]);
};
