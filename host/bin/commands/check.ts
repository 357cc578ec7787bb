import { hasErrors } from '#engine/contract/problem.ts';
import { exitStatus } from './exit-status.ts';
import { readGraph } from './read-graph.ts';
import { printProblems } from '../terminal/problems.ts';
import { parseOptions, type Command } from './command.ts';

export const checkCommand: Command = {
  name: 'check',
  synopsis: 'check FILE|PRESET|- [--json]',
  about: 'Says what is wrong with a graph, its files and weights included.',
  async run(args, caller) {
    const { values, positionals } = parseOptions(
      this,
      args,
      { json: { type: 'boolean' } },
      { least: 1, most: 1 },
    );
    const graph = await readGraph(positionals[0] as string);
    const problems = graph.ok ? await caller.check(graph.value) : graph.problems;
    printProblems(problems);
    if (values.json === true) console.log(JSON.stringify({ problems }));
    else if (graph.ok && problems.length === 0)
      console.log(`${graph.value.document.title}: no problems.`);
    return hasErrors(problems) ? exitStatus.problems : exitStatus.done;
  },
};
