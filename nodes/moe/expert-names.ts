/**
 * What checkpoints call routers and experts. The node calls them `<mlp>.gate`, `<mlp>.experts.<e>.up` …,
 * `<mlp>.shared.up` …, `<mlp>.shared_gate` and `<mlp>.coefficient`.
 */
import type { KeyLayout, RowCut } from '#engine/onnx/weight.ts';

type Matrix = 'gate' | 'up' | 'down';

interface ExpertNames {
  readonly title: string;
  /** What stands in place of `mlp`. */
  readonly block: string;
  readonly router: string;
  /** One expert's matrix. */
  readonly expert: (expert: number, matrix: Matrix) => string;
  /** Which of the equal pieces of a tensor it is, where all experts lie in one. */
  readonly piece?: (expert: number, matrix: Matrix, experts: number) => RowCut;
  readonly shared: (matrix: Matrix) => string;
  /** What the tensors of the block begin with, after its own name; all others are the host's. */
  readonly owned: RegExp;
}

const projections = { gate: 'gate_proj', up: 'up_proj', down: 'down_proj' } as const;
const plain = { gate: '', up: 'fc1', down: 'fc2' } as const;
const qwen = { gate: 'w2', up: 'w1', down: 'c_proj' } as const;
const mixtral = { gate: 'w1', up: 'w3', down: 'w2' } as const;

const apart = (title: string, shared: string): ExpertNames => ({
  title,
  block: 'mlp',
  router: 'gate',
  expert: (expert, matrix) => `experts.${expert}.${projections[matrix]}`,
  shared: (matrix) => `${shared}.${projections[matrix]}`,
  owned: /^(gate|experts|shared_experts?|shared_expert_gate)\./,
});

/** Experts of a MoE layer of DeepSpeed; with a residual, the dense layer is its `mlp`. */
const deepSpeed = (title: string, matrices: Readonly<Record<Matrix, string>>): ExpertNames => ({
  title: `MoE-LLaVA, ${title}`,
  block: 'mlp',
  router: 'deepspeed_moe.gate.wg',
  expert: (expert, matrix) =>
    `deepspeed_moe.experts.deepspeed_experts.${expert}.${matrices[matrix]}`,
  shared: (matrix) => `mlp.${matrices[matrix]}`,
  owned: /^(deepspeed_moe|mlp|coefficient)\./,
});

const published: readonly ExpertNames[] = [
  {
    title: 'Mixtral',
    block: 'block_sparse_moe',
    router: 'gate',
    expert: (expert, matrix) => `experts.${expert}.${mixtral[matrix]}`,
    shared: (matrix) => `shared_expert.${mixtral[matrix]}`,
    owned: /^(gate|experts)\./,
  },
  deepSpeed('gated experts', projections),
  deepSpeed('plain experts', plain),
  deepSpeed('Qwen', qwen),
  apart('Qwen-MoE and OLMoE', 'shared_expert'),
  apart('DeepSeek-V2', 'shared_experts'),
  {
    title: 'Granite-MoE',
    block: 'block_sparse_moe',
    router: 'router.layer',
    // [experts, gate and up, D] and [experts, D, inner]
    expert: (_expert, matrix) => (matrix === 'down' ? 'output_linear' : 'input_linear'),
    piece: (expert, matrix, experts) =>
      matrix === 'down'
        ? { piece: expert, pieces: experts }
        : { piece: 2 * expert + (matrix === 'up' ? 1 : 0), pieces: 2 * experts },
    shared: (matrix) => `shared.${projections[matrix]}`,
    owned: /^(router|input_linear|output_linear)\./,
  },
];

const ours =
  /(^|\.)mlp\.(?:(gate|shared_gate|coefficient)|shared\.(gate|up|down)|experts\.(\d+)\.(gate|up|down))\.(?=weight$|bias$)/;

const alone: KeyLayout = { title: '', key: (name) => name, owns: () => true };

/** Of each layout of the language model, as its own tensors lie there. */
export function expertKeyLayouts(
  experts: number,
  host: readonly KeyLayout[] = [alone],
): readonly KeyLayout[] {
  return published.flatMap((names) => host.map((place) => layout(names, experts, place)));
}

function layout(names: ExpertNames, experts: number, place: KeyLayout): KeyLayout {
  const begins = new RegExp(`^(?:.*?\\.\\d+\\.)?${names.block}\\.`);
  return {
    title: [names.title, place.title].filter((title) => title !== '').join(', '),
    key: (name) => place.key(name.replace(ours, (_, ...parts) => renamed(names, parts))),
    cut: (name) => {
      const [, , , , expert, matrix] = ours.exec(name) ?? [];
      if (expert === undefined || !names.piece) return null;
      return names.piece(Number(expert), matrix as Matrix, experts);
    },
    owns: (key) => {
      const [start] = begins.exec(key) ?? [];
      return start !== undefined && names.owned.test(key.slice(start.length));
    },
  };
}

function renamed(names: ExpertNames, parts: readonly unknown[]): string {
  const [start = '', single, shared, expert, matrix] = parts as readonly (string | undefined)[];
  const inside = (): string => {
    if (single === 'gate') return names.router;
    if (single === 'shared_gate') return 'shared_expert_gate';
    if (single !== undefined) return single;
    if (shared !== undefined) return names.shared(shared as Matrix);
    return names.expert(Number(expert), matrix as Matrix);
  };
  return `${start}${names.block}.${inside()}.`;
}
