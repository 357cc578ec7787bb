/** Document → ordered stages, each one ONNX graph or one host step. */
import { fail, ok, type Outcome } from '../contract/outcome.ts';
import { error, type Problem } from '../contract/problem.ts';
import type { CheckedGraph, CheckedNode } from '../graph/check.ts';
import { nodeTitle } from '../graph/node-title.ts';
import type { AnyNodeDefinition } from '../node/any-node-definition.ts';
import type { Port, PortRole, RunsBy, ViewFacts } from '../node/node-definition.ts';
import type { WeightsChoice } from '../contract/sources.ts';
import type { WeightParams } from '../node/weight-params.ts';
import type { WireType } from '../node/wire.ts';
import type { StageModel } from '../onnx/model.ts';
import type { DimBindings } from '../onnx/value.ts';
import type { HostStep } from '../node/host-step.ts';
import { BudgetSpent, OperatorBudget } from '../onnx/operator-budget.ts';
import {
  bodyContext,
  buildModel,
  expectedRuns,
  isPart,
  onnxDims,
  type MeasuredCount,
} from './node-body.ts';
import { layerProblem, operatorProblem, planLimits } from './plan-limits.ts';
import { tellingOfPrompt } from './shown-outputs.ts';
import { stageShows, type StageShow } from './stage-shows.ts';

export type Precision = WeightParams['precision'];

export interface StageInput {
  readonly stage: string;
  readonly port: string;
}

export interface Stage {
  /** The id of its node. */
  readonly id: string;
  readonly type: string;
  readonly title: string;
  /** Which stages and ports feed each input, in order; parts are already built in. */
  readonly inputs: Readonly<Record<string, readonly StageInput[]>>;
  /** Inputs that have a role, by it. */
  readonly roles: Readonly<Partial<Record<PortRole, string>>>;
  /** Null where the stage has no weights. */
  readonly precision: Precision | null;
  readonly weights: WeightsChoice['kind'] | null;
  readonly outputs: Readonly<Record<string, WireType>>;
  /** What can be shown of it, and of the parts plugged into it. */
  readonly shows: readonly StageShow[];
  readonly body:
    | {
        readonly kind: 'onnx';
        readonly model: StageModel;
        readonly runsBy: RunsBy;
        readonly facts: ViewFacts;
        /** Runs that one pass is expected to take. */
        readonly expectedRuns: number;
        /** Sizes of the graph's symbols: expected, or as measured where counts by tensor are given. */
        readonly dims: (measured?: Readonly<Record<string, MeasuredCount>>) => DimBindings;
      }
    | { readonly kind: 'host'; readonly step: HostStep };
}

export interface Plan {
  readonly stages: readonly Stage[];
}

/**
 * Stages for everything that leads to an output, or to the node `until`. A whole graph has to be free of errors,
 * stray nodes included, so that nothing is left out unsaid; up to a node, only what leads there has to be.
 */
export function planGraph(
  checked: CheckedGraph,
  { until }: { readonly until?: string } = {},
): Outcome<Plan> {
  const refused = until === undefined ? null : untilProblem(checked, until);
  if (refused) return fail(refused);
  const wanted = neededFor(checked, until === undefined ? endsOf(checked) : [until]);
  const errors = checked.problems.filter(
    ({ severity, node }) =>
      severity === 'error' && (until === undefined || node === undefined || wanted.has(node)),
  );
  if (errors.length > 0) return fail(...errors);
  const tooDeep = layerProblem(checked, wanted);
  if (tooDeep) return fail(tooDeep);
  const stages = planStages(checked, wanted);
  if (!stages.ok) return stages;
  if (stages.value.length === 0) {
    return fail(
      error('output-missing', 'The graph has nothing to run; add nodes, or start from a preset.'),
    );
  }
  return ok({ stages: stages.value });
}

/** One budget for all: a graph of many small nodes costs as much as one large node. */
function planStages(checked: CheckedGraph, wanted: ReadonlySet<string>): Outcome<readonly Stage[]> {
  const { nodes } = checked;
  const budget = new OperatorBudget(planLimits.operators);
  const stages: Stage[] = [];
  for (const id of checked.order.filter((each) => wanted.has(each))) {
    const node = nodes[id] as CheckedNode;
    try {
      const stage = planNode({ nodes, budget }, node);
      if (stage) stages.push(stage);
    } catch (cause) {
      if (cause instanceof BudgetSpent) return fail(operatorProblem(node));
      throw cause;
    }
  }
  return ok(stages);
}

/** Why a graph cannot run up to a node. */
function untilProblem({ nodes }: CheckedGraph, id: string): Problem | null {
  const node = Object.hasOwn(nodes, id) ? nodes[id] : undefined;
  if (!node) {
    return error('node-unknown', `There is no node "${id}" to run up to.`, { node: id });
  }
  if (node.definition?.body.kind !== 'part') return null;
  const message = `"${id}" is a part of the node that it plugs into and does not run by itself; run up to that node.`;
  return error('arrangement-unsupported', message, { node: id });
}

/** Output nodes; where there are none, every node that feeds nothing. */
function endsOf({ nodes }: CheckedGraph): readonly string[] {
  const all = Object.values(nodes);
  const outputs = all.filter(({ definition }) => definition?.family === 'output');
  const ends = outputs.length > 0 ? outputs : all.filter(({ wired }) => wired.size === 0);
  return ends.map(({ id }) => id);
}

function neededFor({ nodes }: CheckedGraph, ends: readonly string[]): ReadonlySet<string> {
  const needed = new Set(ends);
  for (const id of needed) {
    for (const { from } of Object.values(nodes[id]?.incoming ?? {}).flat()) needed.add(from.node);
  }
  return needed;
}

function planNode(graph: Parameters<typeof bodyContext>[0], node: CheckedNode): Stage | null {
  const definition = node.definition as AnyNodeDefinition;
  const { body } = definition;
  if (body.kind === 'part') return null;
  const context = bodyContext(graph, node);
  const shows = stageShows(graph, node);
  const shown = shows.flatMap((show) => ('tap' in show ? show.tap : []));
  return {
    id: node.id,
    type: definition.type,
    title: nodeTitle(node),
    inputs: stageInputs(node),
    roles: inputRoles(definition),
    ...weightFacts(node),
    outputs: node.outputs as Readonly<Record<string, WireType>>,
    shows,
    body:
      body.kind === 'host'
        ? { kind: 'host', step: body.step(tellingOfPrompt(context)) }
        : {
            kind: 'onnx',
            model: buildModel(node, body, context, { shown }),
            runsBy: body.runsBy ?? 'views',
            facts: body.facts?.(context) ?? {},
            expectedRuns: expectedRuns(node, body),
            dims: (measured = {}) => onnxDims(node, body, context, measured, shown),
          },
  };
}

function stageInputs(node: CheckedNode): Stage['inputs'] {
  return Object.fromEntries(
    Object.entries(node.incoming)
      .filter(([port]) => !isPart(node, port))
      .map(([port, edges]) => [
        port,
        edges.map(({ from }) => ({ stage: from.node, port: from.port })),
      ]),
  );
}

function inputRoles({ inputs }: AnyNodeDefinition): Stage['roles'] {
  return Object.fromEntries(
    Object.entries<Port>(inputs).flatMap(([name, { role }]) => (role ? [[role, name]] : [])),
  );
}

function weightFacts({ params }: CheckedNode): Pick<Stage, 'precision' | 'weights'> {
  const { weights, precision } = params as Partial<WeightParams>;
  return { precision: precision ?? null, weights: weights?.kind ?? null };
}
