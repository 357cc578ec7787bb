/** The operators that each row of a report starts, in a pass or, of decode, in a step. Pure. */
import type { CheckedGraph } from '../graph/check.ts';
import { prefillGraph } from '../node/decoder-protocol.ts';
import type { LanguageModelStep } from '../node/host-step.ts';
import type { Plan, Precision, Stage } from '../plan/plan.ts';
import { languageCalls, languageInput, withRoom, type LanguageCalls } from './language-calls.ts';
import { operatorCost, type OperatorCost } from './operator-cost.ts';
import { startedOperators, type GraphCall } from './started-operators.ts';

export interface StageOperators {
  readonly node: string;
  /** The id of the report's row. */
  readonly stage: string;
  readonly phase: null | 'embed' | 'prefill' | 'decode';
  readonly title: string;
  /** Steps of a pass, of all answers; 1 for all but decode. */
  readonly steps: number;
  /** That a pass, or a step, takes in; null where it is not reckoned by tokens. */
  readonly tokens: number | null;
  readonly operators: readonly CostedOperator[];
}

export interface CostedOperator {
  /** As the profiler calls it. */
  readonly name: string;
  /** Of one call. */
  readonly cost: OperatorCost;
  /** Calls; inside of a scan, or in several runs, more than one. */
  readonly times: number;
}

/** Of graphs alone: what the host does itself starts none. */
export function stageOperators(checked: CheckedGraph, { stages }: Plan): readonly StageOperators[] {
  return stages.flatMap((stage) => operatorsOf(stage, checked, stages));
}

function operatorsOf(
  stage: Stage,
  checked: CheckedGraph,
  stages: readonly Stage[],
): readonly StageOperators[] {
  const { id: node, title, body } = stage;
  const precision = stage.precision ?? 'float32';
  if (body.kind === 'onnx') {
    const call = { model: body.model, dims: body.dims(), takesMany: true };
    const operators = costed(call, precision, body.expectedRuns);
    return [{ node, stage: node, phase: null, title, steps: 1, tokens: null, operators }];
  }
  if (body.step.kind !== 'generate') return [];
  const calls = languageCalls(body.step, languageInput(stage, checked, stages));
  return phasesOf(body.step, calls, precision).map((row) => ({
    node,
    stage: `${node}/${row.phase}`,
    title,
    ...row,
  }));
}

type PhaseOperators = Omit<StageOperators, 'node' | 'stage' | 'title'>;

/** Drafts are not foreseen: as if each token were written by itself. */
function phasesOf(
  { graphs }: LanguageModelStep,
  calls: LanguageCalls,
  precision: Precision,
): readonly PhaseOperators[] {
  const { promptTokens, visualTokens, pieces, readAgain, newTokens, cachedTokens } = calls;
  const { embed, decoder, prefill } = graphs;
  const embedded = (sequence: number) =>
    costed({ model: embed, dims: { sequence, rows: 1 }, takesMany: true }, precision);
  const read = pieces.flatMap(({ dims, isFirst, isFused }) => {
    const sized = isFirst ? dims : withRoom(dims, cachedTokens, newTokens);
    const call = { model: prefillGraph(graphs).model, dims: sized, takesMany: isFused };
    return costed(call, prefill?.precision ?? precision);
  });
  const step = {
    model: decoder.model,
    dims: withRoom(calls.meanStep, cachedTokens, newTokens),
    takesMany: false,
  };
  return [
    { phase: 'embed', steps: 1, tokens: null, operators: embedded(promptTokens) },
    { phase: 'prefill', steps: 1, tokens: promptTokens + visualTokens, operators: read },
    {
      phase: 'decode',
      steps: readAgain,
      tokens: 1,
      operators: [...embedded(1), ...costed(step, precision)],
    },
  ];
}

const costed = (call: GraphCall, precision: Precision, runs = 1): readonly CostedOperator[] =>
  startedOperators(call).map(({ name, sizes, times }) => ({
    name,
    cost: operatorCost(sizes, precision),
    times: times * runs,
  }));
