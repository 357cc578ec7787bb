import { resolve } from 'node:path';
import type { Problem } from '#engine/contract/problem.ts';
import { error, hasErrors } from '#engine/contract/problem.ts';
import type { RunEvent } from '#engine/contract/run-event.ts';
import { runLimits, type RunRequest } from '#engine/contract/run-request.ts';
import type { Report } from '#engine/contract/report.ts';
import { foldReport } from '#engine/profile/report.ts';
import { exitStatus, UsageError, type ExitStatus } from '../exit-status.ts';
import { readGraph, type NamedGraph } from '../read-graph.ts';
import { writeWhole } from '../../write-whole.ts';
import { ProgressLine } from '../terminal/progress-line.ts';
import { printProblems } from '../terminal/problems.ts';
import { formatReport } from '../terminal/report.ts';
import { parseOptions, wholeNumber, type Caller, type Command } from './command.ts';

const options = {
  image: { type: 'string' },
  prompt: { type: 'string' },
  'max-new-tokens': { type: 'string' },
  runs: { type: 'string' },
  seed: { type: 'string' },
  json: { type: 'boolean' },
} as const;

export const runCommand: Command = {
  name: 'run',
  synopsis:
    'run FILE|PRESET|- [--image FILE] [--prompt TEXT] [--max-new-tokens N] [--runs N] [--seed N] [--json [OUT]]',
  about:
    'Runs a graph and prints its answer, latency and memory; --json prints one object, or writes it to OUT.',
  async run(args, caller) {
    const { values, positionals } = parseOptions(this, args, options, { least: 1, most: 2 });
    const [operand = '', out] = positionals;
    if (out !== undefined && values.json !== true)
      throw new UsageError(`Usage: patchbay ${this.synopsis}`);
    const overrides = {
      image:
        values.image === undefined
          ? undefined
          : ({ kind: 'file', path: resolve(values.image) } as const),
      prompt: values.prompt,
      maxNewTokens: wholeNumber('max-new-tokens', values['max-new-tokens'], 1, runLimits.newTokens),
      runs: wholeNumber('runs', values.runs, 1, runLimits.runs) ?? 1,
      seed: wholeNumber('seed', values.seed, 0, 0xffff_ffff),
    };
    const graph = await readGraph(operand);
    const report = graph.ok
      ? await runGraph(graph.value, overrides, caller)
      : { ...foldReport(operand, []), problems: graph.problems };
    return printReport(report, values.json === true, out);
  },
};

type Given = Omit<Partial<RunRequest>, 'runs'> & { readonly runs: number };

async function runGraph(
  { document, baseFolder }: NamedGraph,
  given: Given,
  caller: Caller,
): Promise<Report> {
  const refused = (problems: readonly Problem[]): Report => ({
    ...foldReport(document.title, []),
    problems,
  });
  const long = given.prompt === undefined ? 0 : given.prompt.length;
  if (long > runLimits.promptCharacters) {
    const message = `The prompt has ${long} characters, at most ${runLimits.promptCharacters} are read; shorten it.`;
    return refused([error('context-overflow', message)]);
  }
  const started = await caller.startRun({ document, baseFolder, ...given });
  if (!started.ok) return refused(started.problems);
  const events: RunEvent[] = [];
  const line = new ProgressLine();
  const { runId } = started.value;
  for await (const { event } of await caller.runEvents({ runId, after: -1 })) {
    events.push(event);
    line.show(event);
  }
  line.clear();
  return foldReport(document.title, events);
}

async function printReport(
  report: Report,
  json: boolean,
  out: string | undefined,
): Promise<ExitStatus> {
  printProblems(report.problems);
  const failed = hasErrors(report.problems);
  if (json && out !== undefined) {
    const written = await writeWhole(out, `${JSON.stringify(report, null, 2)}\n`);
    if (!written.ok) {
      printProblems(written.problems);
      return exitStatus.problems;
    }
  } else if (json) {
    console.log(JSON.stringify(report));
  } else if (!failed) {
    console.log(formatReport(report));
  }
  return failed ? exitStatus.problems : exitStatus.done;
}
