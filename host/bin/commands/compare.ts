import type { Report } from '#engine/contract/report.ts';
import { hasErrors } from '#engine/contract/problem.ts';
import type { RunEvent } from '#engine/contract/run-event.ts';
import { differences, pairStages } from '#engine/profile/compare-reports.ts';
import { foldRounds } from '#engine/profile/fold-rounds.ts';
import { turnOrder, usualRounds } from '#engine/profile/turn-order.ts';
import type { HostService } from '#engine/contract/host-service.ts';
import type { Problem } from '#engine/contract/problem.ts';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import { comparisonTable } from '../terminal/comparison.ts';
import { printProblems } from '../terminal/problems.ts';
import { choosePlaces } from './choose-places.ts';
import { parseOptions, wholeNumber, type Caller, type Command } from './command.ts';
import { exitStatus, type ExitStatus } from './exit-status.ts';
import { givenOptions, givenRun, namedPaths, type Given } from './given-run.ts';
import { readGraph, type NamedGraph } from './read-graph.ts';
import { runOnce } from './run-once.ts';
import { isTinyScale, scaledDown } from './tiny-scale.ts';

const options = {
  ...givenOptions,
  prompt: { type: 'string' },
  rounds: { type: 'string' },
  json: { type: 'boolean' },
} as const;

const mostRounds = 1000;

/** The first graph and the second. */
type Both<Value> = readonly [a: Value, b: Value];

export const compareCommand: Command = {
  name: 'compare',
  synopsis:
    'compare FILE|PRESET FILE|PRESET [--rounds N] [--runs N] [--image FILE]… [--video PATH] [--prompt TEXT] [--max-new-tokens N] [--threads N] [--priority high] [--memory-mb N] [--seed N] [--scale tiny] [--allow PATH]… [--json]',
  about:
    'Runs two graphs in turn and says what differs, the second against the first: a machine that slows down meanwhile slows both, and a difference that chance explains is told as none; --rounds is how often each is run, 3 times where it is not said, each first as often as the other; other options are as with run, for both.',
  async run(args, caller, { host, chosen }) {
    const { values, positionals } = parseOptions(this, args, options, { least: 2, most: 2 });
    const rounds = wholeNumber('rounds', values.rounds, 1, mostRounds) ?? usualRounds;
    const given: Given = { ...givenRun(values), prompt: values.prompt };
    const isTiny = isTinyScale(values.scale);
    const graphs: NamedGraph[] = [];
    for (const operand of positionals) {
      choosePlaces(chosen, operand, [...namedPaths(given), ...(values.allow ?? [])]);
      const read = await readGraph(operand);
      const graph = isTiny ? scaledDown(read) : read;
      if (!graph.ok) return refused(graph.problems);
      graphs.push(graph.value);
    }
    const both = graphs as readonly NamedGraph[] as Both<NamedGraph>;
    const ran = await runInTurn(both, rounds, given, caller, host);
    if (ran === null) return exitStatus.interrupted;
    if (!ran.ok) return refused(ran.problems);
    const reports = both.map(({ document }, side) =>
      foldRounds(document.title, ran.value[side] as Rounds),
    ) as readonly Report[] as Both<Report>;
    return print(reports, rounds, values.json === true);
  },
};

type Rounds = readonly (readonly RunEvent[])[];

/** Null where it was interrupted. */
async function runInTurn(
  graphs: Both<NamedGraph>,
  rounds: number,
  given: Given,
  caller: Caller,
  host: HostService,
): Promise<Outcome<Both<Rounds>> | null> {
  const told: Both<(readonly RunEvent[])[]> = [[], []];
  for (let round = 0; round < rounds; round++) {
    for (const side of turnOrder([0, 1] as const, round)) {
      const ran = await runOnce(graphs[side], given, caller, host);
      if (!ran?.ok) return ran;
      told[side].push(ran.value);
      // What fails once fails in every round.
      if (ran.value.at(-1)?.type === 'run-failed') return ok(told);
    }
  }
  return ok(told);
}

function print([a, b]: Both<Report>, rounds: number, isJson: boolean): ExitStatus {
  const problems = [...a.problems, ...b.problems];
  printProblems(problems);
  const found = differences(a, b);
  if (isJson) {
    console.log(JSON.stringify({ rounds, a, b, differences: found }));
  } else if (!hasErrors(problems)) {
    const sentences = found.flatMap(({ of, sentences: told }) =>
      told.map((sentence) => (of === null ? sentence : `${of}: ${sentence}`)),
    );
    const heading = `A is ${a.graph}, B is ${b.graph}; ${rounds === 1 ? 'one round' : `${rounds} rounds`} in turn.`;
    console.log(
      [heading, '', comparisonTable(pairStages(a.stages, b.stages)), '', ...sentences].join('\n'),
    );
  }
  return hasErrors(problems) ? exitStatus.problems : exitStatus.done;
}

function refused(problems: readonly Problem[]): ExitStatus {
  printProblems(problems);
  return exitStatus.problems;
}
