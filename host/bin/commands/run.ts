import { resolve } from 'node:path';
import type { GraphDocument } from '#engine/contract/document.ts';
import type { HostService } from '#engine/contract/host-service.ts';
import type { Problem } from '#engine/contract/problem.ts';
import { error, hasErrors } from '#engine/contract/problem.ts';
import type { RunEvent } from '#engine/contract/run-event.ts';
import { runLimits, type RunRequest } from '#engine/contract/run-request.ts';
import type { Report } from '#engine/contract/report.ts';
import { clipSourceSchema, imageSourceSchema } from '#engine/contract/sources.ts';
import { foldReport } from '#engine/profile/report.ts';
import { groupings, type Grouping } from '#engine/profile/group-operators.ts';
import { exitStatus, UsageError, type ExitStatus } from './exit-status.ts';
import { choosePlaces } from './choose-places.ts';
import { readGraph, type NamedGraph } from './read-graph.ts';
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
import { ProgressLine } from '../terminal/progress-line.ts';
import { printProblems } from '../terminal/problems.ts';
import { operatorTables } from '../terminal/operators.ts';
import { formatReport } from '../terminal/report.ts';
import { parseOptions, wholeNumber, type Caller, type Command } from './command.ts';

const options = {
  image: { type: 'string', multiple: true },
  video: { type: 'string' },
  prompt: { type: 'string', multiple: true },
  'max-new-tokens': { type: 'string' },
  runs: { type: 'string' },
  threads: { type: 'string' },
  'memory-mb': { type: 'string' },
  seed: { type: 'string' },
  allow: { type: 'string', multiple: true },
  scale: { type: 'string' },
  reuse: { type: 'boolean' },
  operators: { type: 'string' },
  json: { type: 'boolean' },
  html: { type: 'string' },
  'model-explorer': { type: 'string' },
} as const;

export const runCommand: Command = {
  name: 'run',
  synopsis:
    'run FILE|PRESET|- [--image FILE]… [--video PATH] [--prompt TEXT]… [--reuse] [--max-new-tokens N] [--runs N] [--threads N] [--memory-mb N] [--operators kind|layer|operator] [--seed N] [--scale tiny] [--allow PATH]… [--json [OUT]] [--html OUT] [--model-explorer OUT]',
  about:
    'Runs a graph and prints its answer, latency and memory; several --image are several pictures in order, --video is a folder of frames, an animated GIF or WebP, or a video file; --allow is a file or folder elsewhere that the graph may name; --scale tiny runs the same parts and mechanisms with few narrow layers and random weights, which shows how a graph works, not what it costs; --operators adds passes under the profiler of ONNX Runtime and says what its operators cost, by kind, layer or each; without --runs, passes are timed until the medians are steady or two seconds have gone by; --threads is how many ONNX Runtime may use, one a core where it is not said; --memory-mb is what the run may hold, where that is less than the machine has: stages that do not fit together are then loaded in turn; several --prompt are runs one after the other, and with --reuse each goes on from what the one before has read, such as the same picture; --json prints one object, or a list of one for each --prompt, or writes it to OUT; --html writes figures, charts, answer and a picture of the graph to OUT as one page, which opens without a network; --model-explorer runs under the profiler too and writes to OUT what each node of the graphs of export-onnx took, as the node data of Model Explorer.',
  async run(args, caller, { host, chosen }) {
    const { values, operands } = parseOptions(this, args, options, { least: 1, most: 2 });
    const { operand, out } = graphAndOutput(operands);
    const overrides = {
      images: pictures(values.image),
      video: clip(values.video),
      maxNewTokens: wholeNumber('max-new-tokens', values['max-new-tokens'], 1, runLimits.newTokens),
      runs: wholeNumber('runs', values.runs, 1, runLimits.runs),
      threads: wholeNumber('threads', values.threads, 1, runLimits.threads),
      memoryBytes: megabytes(values['memory-mb']),
      seed: wholeNumber('seed', values.seed, 0, 0xffff_ffff),
    };
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
    const { images = [], video } = overrides;
    const named = [...images, video].flatMap((source) =>
      source && 'path' in source ? [source.path] : [],
    );
    choosePlaces(chosen, operand, [...named, ...(values.allow ?? [])]);
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
      const report = await runGraph(graph.value, given, caller, host);
      if (report === null) return exitStatus.interrupted;
      asked.push({ prompt, startedAt, report });
      if (hasErrors(report.problems)) break;
    }
    const asRun = graphAsRun(graph.value.document, { ...overrides, prompt: prompts[0] });
    return printReports(asked, outputs, asRun);
  },
};

function megabytes(asked: string | undefined): number | undefined {
  const found = wholeNumber('memory-mb', asked, 1, runLimits.memoryBytes / 1e6);
  return found === undefined ? undefined : found * 1e6;
}

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

function pictures(names: readonly string[] | undefined): Given['images'] {
  if (names !== undefined && names.length > runLimits.pictures)
    throw new UsageError(`--image is given ${names.length} times, at most ${runLimits.pictures}.`);
  return names?.map((name) => ({ kind: 'file', path: picturePath(name) }));
}

function picturePath(given: string): string {
  if (given === '') throw new UsageError('--image needs the name of a picture file.');
  const path = resolve(given);
  if (imageSourceSchema.safeParse({ kind: 'file', path }).success) return path;
  throw new UsageError(`--image has a path of ${path.length} characters, which no system opens.`);
}

function clip(given: string | undefined): Given['video'] {
  if (given === undefined) return undefined;
  if (given === '') throw new UsageError('--video needs the name of a clip.');
  const source = { kind: 'clip', path: resolve(given) } as const;
  if (clipSourceSchema.safeParse(source).success) return source;
  const { length } = source.path;
  throw new UsageError(`--video has a path of ${length} characters, which no system opens.`);
}

type Given = Partial<RunRequest>;

/** Null where the run was interrupted. */
async function runGraph(
  { document, baseFolder }: NamedGraph,
  given: Given,
  caller: Caller,
  host: HostService,
): Promise<Report | null> {
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
  for await (const { event } of host.runEvents(runId, -1)) {
    events.push(event);
    line.show(event);
  }
  line.clear();
  return events.at(-1)?.type === 'run-cancelled' ? null : foldReport(document.title, events);
}

interface Asked {
  readonly prompt?: string | undefined;
  /** When it began; absent where it did not. */
  readonly startedAt?: string;
  readonly report: Report;
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
    for (const { prompt, report } of whole) {
      if (asked.length > 1) console.log(`Prompt: ${prompt ?? ''}\n`);
      console.log(`${formatReport(report)}${asked.length > 1 ? '\n' : ''}`);
      if (grouping) console.log(`\n${operatorTables(report, grouping)}`);
    }
  }
  return failed ? exitStatus.problems : exitStatus.done;
}

function unwritten(problems: readonly Problem[]): ExitStatus {
  printProblems(problems);
  return exitStatus.problems;
}
