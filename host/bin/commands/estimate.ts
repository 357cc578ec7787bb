import { formatBytes, formatCount, formatFlops } from '#engine/contract/format.ts';
import { stateWord } from '#engine/contract/state-word.ts';
import type { Budget } from '#engine/contract/budget.ts';
import type { HostService } from '#engine/contract/host-service.ts';
import { ok, fail, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { breaches } from '#engine/estimate/budget.ts';
import { targetOfCalibration, type TargetMachine } from '#engine/estimate/described-machines.ts';
import { estimatePlan, type GraphEstimate } from '#engine/estimate/estimate.ts';
import { estimateLatency } from '#engine/estimate/latency.ts';
import { memoryChanges, memoryFit } from '#engine/estimate/memory-fit.ts';
import { checkGraph, type CheckedGraph } from '#engine/graph/check.ts';
import { planGraph, type Plan } from '#engine/plan/plan.ts';
import { catalogue } from '#nodes/index.ts';
import { findMachine } from '../../machines.ts';
import { machineEstimateText, type MachineEstimate } from '../terminal/machine-estimate.ts';
import { exitStatus } from './exit-status.ts';
import { givenBudget } from './given-budget.ts';
import { readGraph } from './read-graph.ts';
import { printProblems } from '../terminal/problems.ts';
import { formatTable } from '../terminal/table.ts';
import { parseOptions, type Command } from './command.ts';

const options = {
  machine: { type: 'string' },
  budget: { type: 'string' },
  json: { type: 'boolean' },
} as const;

export const estimateCommand: Command = {
  name: 'estimate',
  synopsis: 'estimate FILE|PRESET|- [--machine NAME|FILE] [--budget LIMIT=N,…] [--json]',
  about:
    'Estimates parameters, arithmetic and memory without running, and latencies on this machine once patchbay calibrate has measured it, or on one that is not here (--machine, see patchbay machines), whether the graph fits and what would make it fit. --budget takes the limits first-token-ms, tokens-per-second, memory-mb and parameters, and says which are broken and by how much; the exit status is 1 then.',
  async run(args, _caller, { host }) {
    const { values, positionals } = parseOptions(this, args, options, { least: 1, most: 1 });
    const budget = values.budget === undefined ? null : givenBudget(values.budget);
    const target = await givenTarget(values.machine, budget, host);
    if (!target.ok) {
      printProblems(target.problems);
      return exitStatus.problems;
    }
    const graph = await readGraph(positionals[0] as string);
    if (!graph.ok) {
      printProblems(graph.problems);
      return exitStatus.problems;
    }
    const checked = checkGraph(graph.value.document, catalogue);
    const plan = planGraph(checked);
    printProblems(checked.problems);
    if (!plan.ok) {
      if (checked.problems.length === 0) printProblems(plan.problems);
      return exitStatus.problems;
    }
    const estimate = estimatePlan(checked, plan.value);
    const there =
      target.value && onMachine(target.value, budget, { checked, plan: plan.value, estimate });
    const { title } = graph.value.document;
    if (values.json === true) console.log(JSON.stringify({ graph: title, ...estimate, ...there }));
    else
      console.log(
        [text(title, estimate), there ? machineEstimateText(there) : unmeasured].join('\n\n'),
      );
    return there?.breaches?.length ? exitStatus.problems : exitStatus.done;
  },
};

const unmeasured =
  'How long it takes is told once this machine has been measured: patchbay calibrate does that.';

/** A machine as it is asked for; its rates are null where it is this one, and not measured. */
interface Target extends Pick<TargetMachine, 'memoryBytes'> {
  /** Null for this machine. */
  readonly title: string | null;
  readonly rates: TargetMachine['rates'] | null;
}

/** This machine where none is named; null where it has not been measured and no limit is given. */
async function givenTarget(
  named: string | undefined,
  budget: Budget | null,
  host: HostService,
): Promise<Outcome<Target | null>> {
  if (named !== undefined) return findMachine(named);
  const calibration = await host.calibration();
  if (calibration) return ok({ ...targetOfCalibration(calibration), title: null });
  if (budget === null) return ok(null);
  if (budget.timeToFirstTokenMs !== null || budget.decodeTokensPerSecond !== null)
    return fail(
      error(
        'machine-unmeasured',
        'How fast this machine is has not been measured, so limits of time cannot be told; run patchbay calibrate, or name another machine with --machine.',
      ),
    );
  const { memoryBytes } = await host.machine();
  return ok({ title: null, memoryBytes, rates: null });
}

interface Estimated {
  readonly checked: CheckedGraph;
  readonly plan: Plan;
  readonly estimate: GraphEstimate;
}

function onMachine(
  { title, memoryBytes, rates }: Target,
  budget: Budget | null,
  { checked, plan, estimate }: Estimated,
): MachineEstimate {
  const latency = rates && estimateLatency(checked, plan, rates);
  const fit = memoryFit(estimate, memoryBytes);
  return {
    machine: title,
    latency,
    fit,
    changes: fit.fits ? [] : memoryChanges(checked.document, catalogue, memoryBytes),
    breaches: budget && breaches({ graph: estimate, latency }, budget),
  };
}

function text(title: string, { stages, wires, totals }: GraphEstimate): string {
  const stageTable = formatTable(
    [
      { title: 'stage', align: 'left', text: (stage) => stage.title },
      { title: 'parameters', align: 'right', text: (stage) => formatCount(stage.parameters) },
      { title: 'FLOPs', align: 'right', text: (stage) => formatFlops(stage.flops) },
      { title: 'weights', align: 'right', text: (stage) => formatBytes(stage.weightBytes) },
      { title: 'activations', align: 'right', text: (stage) => formatBytes(stage.activationBytes) },
      {
        title: stateWord(totals.recurrentBytes),
        align: 'right',
        text: ({ keyValueBytes, recurrentBytes }) => formatBytes(keyValueBytes + recurrentBytes),
      },
    ],
    [...stages, { ...totals, title: 'total (activations: the largest)' }],
  );
  const wireLines = wires.map(
    ({ edge, text: what }) => `  ${edge.from.node} → ${edge.to.node}: ${what}`,
  );
  return [`${title} (estimates)`, '', stageTable, '', 'Wires', ...wireLines].join('\n');
}
