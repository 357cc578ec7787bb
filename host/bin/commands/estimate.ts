import { formatBytes, formatCount, formatFlops } from '#engine/contract/format.ts';
import { stateWord } from '#engine/contract/state-word.ts';
import { estimateGraph, type GraphEstimate } from '#engine/estimate/estimate.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { catalogue } from '#nodes/index.ts';
import { exitStatus } from './exit-status.ts';
import { readGraph } from './read-graph.ts';
import { printProblems } from '../terminal/problems.ts';
import { formatTable } from '../terminal/table.ts';
import { parseOptions, type Command } from './command.ts';

export const estimateCommand: Command = {
  name: 'estimate',
  synopsis: 'estimate FILE|PRESET|- [--json]',
  about: 'Estimates parameters, arithmetic and memory without running.',
  async run(args) {
    const { values, positionals } = parseOptions(
      this,
      args,
      { json: { type: 'boolean' } },
      { least: 1, most: 1 },
    );
    const graph = await readGraph(positionals[0] as string);
    if (!graph.ok) {
      printProblems(graph.problems);
      return exitStatus.problems;
    }
    const checked = checkGraph(graph.value.document, catalogue);
    const estimate = estimateGraph(checked);
    printProblems(checked.problems);
    if (!estimate.ok) {
      if (checked.problems.length === 0) printProblems(estimate.problems);
      return exitStatus.problems;
    }
    const { title } = graph.value.document;
    console.log(
      values.json === true
        ? JSON.stringify({ graph: title, ...estimate.value })
        : text(title, estimate.value),
    );
    return exitStatus.done;
  },
};

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
