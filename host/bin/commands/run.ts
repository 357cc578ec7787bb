import type { GraphDocument } from '#engine/contract/document.ts';
import type { Problem } from '#engine/contract/problem.ts';
import { hasErrors } from '#engine/contract/problem.ts';
import type { RunRequest } from '#engine/contract/run-request.ts';
import type { Report } from '#engine/contract/report.ts';
import type { LatencyEstimate } from '#engine/estimate/latency.ts';
import { foldReport } from '#engine/profile/report.ts';
import { groupings, type Grouping } from '#engine/profile/group-operators.ts';
import { exitStatus, UsageError, type ExitStatus } from './exit-status.ts';
import { foretellRun } from './foretell-run.ts';
import { choosePlaces } from './choose-places.ts';
import { givenOptions, givenRun, namedPaths } from './given-run.ts';
import { readGraph } from './read-graph.ts';
import { reportOf, runOnce } from './run-once.ts';
import { isTinyScale, scaledDown } from './tiny-scale.ts';
import {
  checkOutputs,
  graphAsRun,
  outputPlaces,
  refuseGraphName,
  writeOutputs,
  type RunOutputs,
} from './run-outputs.ts';
import { writeWhole } from '../../system/write-whole.ts';
import { printProblems } from '../terminal/problems.ts';
import { operatorTables } from '../terminal/operators.ts';
import { formatReport } from '../terminal/report.ts';
import { parseOptions, type Command } from './command.ts';

const options = {
  ...givenOptions,
  prompt: { type: 'string', multiple: true },
  reuse: { type: 'boolean' },
  operators: { type: 'string' },
  json: { type: 'boolean' },
  html: { type: 'string' },
  'model-explorer': { type: 'string' },
} as const;

export const runCommand: Command = {
  name: 'run',
  synopsis:
    'run FILE|PRESET|- [--image FILE]… [--video PATH] [--prompt TEXT]… [--reuse] [--max-new-tokens N] [--runs N] [--threads N] [--priority high] [--memory-mb N] [--operators kind|layer|operator] [--seed N] [--scale tiny] [--allow PATH]… [--json [OUT]] [--html OUT] [--model-explorer OUT]',
  about:
    'Runs a graph and prints its answer, latency and memory; several --image are several pictures in order, --video is a folder of frames, an animated GIF or WebP, or a video file; --allow is a file or folder elsewhere that the graph may name; --scale tiny runs the same parts and mechanisms with few narrow layers and random weights, which shows how a graph works, not what it costs; --operators adds passes under the profiler of ONNX Runtime and says what its operators cost, by kind, layer or each; without --runs, passes are timed until the medians are steady or two seconds have gone by; --threads is how many ONNX Runtime may use, one a core where it is not said; --priority high lets the run come before other programs, where the system allows that; --memory-mb is what the run may hold, where that is less than the machine has: stages that do not fit together are then loaded in turn; several --prompt are runs one after the other, and with --reuse each goes on from what the one before has read, such as the same picture; --json prints one object, or a list of one for each --prompt, or writes it to OUT; --html writes figures, charts, answer and a picture of the graph to OUT as one page, which opens without a network; --model-explorer runs under the profiler too and writes to OUT what each node of the graphs of export-onnx took, as the node data of Model Explorer.',
  async run(args, caller, { host, chosen }) {
    const { values, operands } = parseOptions(this, args, options, { least: 1, most: 2 });
    const { operand, out } = graphAndOutput(operands);
    const overrides = givenRun(values);
    const prompts = values.prompt ?? [undefined];
    const isTiny = isTinyScale(values.scale);
    const grouping = groupingOf(values.operators);
    const reuse = reuseOf(values.reuse === true, prompts.length, overrides.runs);
    const places = outputPlaces(values, operand, { prompts: prompts.length, json: out });
    const writable = await checkOutputs([out, ...Object.values(places)]);
    if (!writable.ok) {
      printProblems(writable.problems);
      return exitStatus.problems;
    }
    choosePlaces(chosen, operand, [...namedPaths(overrides), ...(values.allow ?? [])]);
    const outputs: Outputs = { json: values.json === true, out, places, grouping };
    const read = await readGraph(operand);
    const graph = isTiny ? scaledDown(read) : read;
    if (!graph.ok) {
      const report = { ...foldReport(operand, []), problems: graph.problems };
      return printReports([{ report }], outputs, null);
    }
    const isProfiled = grouping !== null || places['model-explorer'] !== undefined;
    const asked: Asked[] = [];
    for (const prompt of prompts) {
      const given = { ...overrides, ...reuse, ...(isProfiled && { operators: true }), prompt };
      const startedAt = new Date().toISOString();
      const ran = await runOnce(graph.value, given, caller, host);
      if (ran === null) return exitStatus.interrupted;
      const report = reportOf(graph.value.document.title, ran);
      const latency = await foretellRun({ document: graph.value.document, ...given }, host);
      asked.push({ prompt, startedAt, report, latency });
      if (hasErrors(report.problems)) break;
    }
    const asRun = graphAsRun(graph.value.document, { ...overrides, prompt: prompts[0] });
    return printReports(asked, outputs, asRun);
  },
};

/** Null where operators are not asked for. */
function groupingOf(asked: string | undefined): Grouping | null {
  if (asked === undefined) return null;
  if (Object.hasOwn(groupings, asked)) return asked as Grouping;
  const known = Object.keys(groupings).join(', ');
  throw new UsageError(`--operators is one of ${known}, not "${asked}".`);
}

/** There has to be a run to go on from, and a second pass would find everything read. */
function reuseOf(isWanted: boolean, prompts: number, runs = 1): Pick<RunRequest, 'reuse'> {
  if (!isWanted) return {};
  if (prompts < 2)
    throw new UsageError('--reuse goes on from the run before, so it needs several --prompt.');
  if (runs > 1) throw new UsageError('--reuse times every run once, so it goes without --runs.');
  return { reuse: true };
}

/** With two operands, the one behind --json is where the report goes. */
function graphAndOutput(operands: ReturnType<typeof parseOptions>['operands']): {
  readonly operand: string;
  readonly out: string | undefined;
} {
  const [first, second] = operands.map(({ value }) => value) as [string, string?];
  if (second === undefined) return { operand: first, out: undefined };
  const place = operands.findIndex(({ follows }) => follows === 'json');
  if (place < 0)
    throw new UsageError(`"${second}" is one operand too many; a report goes to --json OUT.`);
  const [operand, out] = place === 0 ? [second, first] : [first, second];
  refuseGraphName(out, operand);
  return { operand, out };
}

interface Asked {
  readonly prompt?: string | undefined;
  /** When it began; absent where it did not. */
  readonly startedAt?: string;
  readonly report: Report;
  /** As it was to be; null where nobody can tell. */
  readonly latency?: LatencyEstimate | null;
}

/** How reports are told, and where to. */
interface Outputs {
  readonly json: boolean;
  readonly out: string | undefined;
  readonly places: RunOutputs;
  readonly grouping: Grouping | null;
}

async function printReports(
  asked: readonly Asked[],
  { json, out, places, grouping }: Outputs,
  document: GraphDocument | null,
): Promise<ExitStatus> {
  const reports = asked.map(({ report }) => report);
  const problems = reports.flatMap((report) => report.problems);
  printProblems(problems);
  const failed = hasErrors(problems);
  const told = reports.length === 1 ? reports[0] : reports;
  const [one] = asked;
  if (one) {
    const { report, startedAt = null } = one;
    const written = await writeOutputs(places, { report, document, startedAt });
    if (!written.ok) return unwritten(written.problems);
  }
  if (json && out !== undefined) {
    const text = `${JSON.stringify(told, null, 2)}\n`;
    const written = await writeWhole(out, text, { acceptsStreams: true });
    if (!written.ok) return unwritten(written.problems);
  } else if (json) {
    console.log(JSON.stringify(told));
  } else {
    const whole = asked.filter(({ report }) => !hasErrors(report.problems));
    for (const { prompt, report, latency = null } of whole) {
      if (asked.length > 1) console.log(`Prompt: ${prompt ?? ''}\n`);
      console.log(`${formatReport(report, latency)}${asked.length > 1 ? '\n' : ''}`);
      if (grouping) console.log(`\n${operatorTables(report, grouping)}`);
    }
  }
  return failed ? exitStatus.problems : exitStatus.done;
}

function unwritten(problems: readonly Problem[]): ExitStatus {
  printProblems(problems);
  return exitStatus.problems;
}
