/** What checkpoints call routers and experts; the node calls them `<mlp>.gate` and `<mlp>.experts.<e>.up` … */
import type { KeyLayout } from '#engine/onnx/weight.ts';

interface ExpertNames {
  readonly title: string;
  /** What stands in place of `.mlp`. */
  readonly block: string;
  readonly router: string;
  readonly experts: string;
  readonly gate: string;
  readonly up: string;
  readonly down: string;
}

const published: readonly ExpertNames[] = [
  {
    title: 'Mixtral',
    block: 'block_sparse_moe',
    router: 'gate',
    experts: 'experts',
    gate: 'w1',
    up: 'w3',
    down: 'w2',
  },
  {
    title: 'MoE-LLaVA, gated experts',
    block: 'mlp',
    router: 'deepspeed_moe.gate.wg',
    experts: 'deepspeed_moe.experts.deepspeed_experts',
    gate: 'gate_proj',
    up: 'up_proj',
    down: 'down_proj',
  },
  {
    title: 'MoE-LLaVA, plain experts',
    block: 'mlp',
    router: 'deepspeed_moe.gate.wg',
    experts: 'deepspeed_moe.experts.deepspeed_experts',
    gate: '',
    up: 'fc1',
    down: 'fc2',
  },
];

function layout(names: ExpertNames): KeyLayout {
  const routerKey = `.${names.block}.${names.router}.`;
  const expertsKey = `.${names.block}.${names.experts}.`;
  return {
    title: names.title,
    key: (name) =>
      name
        .replace(
          /(^|\.)mlp\.gate\./,
          (_, start: string) => `${start}${names.block}.${names.router}.`,
        )
        .replace(
          /(^|\.)mlp\.experts\.(\d+)\.(gate|up|down)\./,
          (_, start: string, expert: string, part: 'gate' | 'up' | 'down') =>
            `${start}${names.block}.${names.experts}.${expert}.${names[part]}.`,
        ),
    owns: (key) => `.${key}`.includes(routerKey) || `.${key}`.includes(expertsKey),
  };
}

export const expertKeyLayouts: readonly KeyLayout[] = published.map(layout);
