import { hasErrors } from '#engine/contract/problem.ts';
import { exitStatus } from './exit-status.ts';
import { choosePlaces } from './choose-places.ts';
import { readGraph } from './read-graph.ts';
import { printProblems } from '../terminal/problems.ts';
import { parseOptions, type Command } from './command.ts';

export const checkCommand: Command = {
  name: 'check',
  synopsis: 'check FILE|PRESET|- [--allow PATH]… [--json]',
  about: 'Says what is wrong with a graph, its files and weights included.',
  async run(args, caller, { chosen }) {
    const { values, positionals } = parseOptions(
      this,
      args,
      { allow: { type: 'string', multiple: true }, json: { type: 'boolean' } },
      { least: 1, most: 1 },
    );
    const [operand = ''] = positionals;
    choosePlaces(chosen, operand, values.allow);
    const graph = await readGraph(operand);
    const problems = graph.ok ? await caller.check(graph.value) : graph.problems;
    printProblems(problems);
    if (values.json === true) console.log(JSON.stringify({ problems }));
    else if (graph.ok && problems.length === 0)
      console.log(`${graph.value.document.title}: no problems.`);
    return hasErrors(problems) ? exitStatus.problems : exitStatus.done;
  },
};
