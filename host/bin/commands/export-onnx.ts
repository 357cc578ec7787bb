import { resolve } from 'node:path';
import { exportRequestSchema } from '#engine/contract/model-export.ts';
import type { Problem } from '#engine/contract/problem.ts';
import type { RunEvent } from '#engine/contract/run-event.ts';
import { printProblems } from '../terminal/problems.ts';
import { ProgressLine } from '../terminal/progress-line.ts';
import { choosePlaces } from './choose-places.ts';
import { parseOptions, type Command } from './command.ts';
import { exitStatus, UsageError, type ExitStatus } from './exit-status.ts';
import { readGraph } from './read-graph.ts';
import { isTinyScale, scaledDown } from './tiny-scale.ts';

const options = {
  allow: { type: 'string', multiple: true },
  scale: { type: 'string' },
} as const;

export const exportOnnxCommand: Command = {
  name: 'export-onnx',
  synopsis: 'export-onnx FILE|PRESET|- FOLDER [--scale tiny] [--allow PATH]…',
  about:
    'Writes the models of a graph as ONNX files with their weights beside them, and a manifest.json that says how they are joined and what is done between them; FOLDER is made, or has to be empty; --scale tiny writes the same parts with few narrow layers and random weights.',
  async run(args, caller, { host, chosen }) {
    const { values, positionals } = parseOptions(this, args, options, { least: 2, most: 2 });
    const [operand, out] = positionals as [string, string];
    const isTiny = isTinyScale(values.scale);
    const folder = folderOf(out);
    choosePlaces(chosen, operand, values.allow);
    const read = await readGraph(operand);
    const graph = isTiny ? scaledDown(read) : read;
    if (!graph.ok) return refused(graph.problems);
    const started = await caller.startExport({ ...graph.value, folder });
    if (!started.ok) return refused(started.problems);
    const line = new ProgressLine();
    let last: RunEvent | null = null;
    for await (const { event } of host.runEvents(started.value.runId, -1)) {
      line.show(event);
      last = event;
    }
    line.clear();
    if (last?.type === 'run-failed') return refused(last.problems);
    if (last?.type !== 'run-finished') return exitStatus.interrupted;
    console.log(`Exported to ${folder}`);
    return exitStatus.done;
  },
};

function folderOf(given: string): string {
  if (given === '') throw new UsageError('FOLDER is empty; name where the models go.');
  const folder = resolve(given);
  if (exportRequestSchema.shape.folder.safeParse(folder).success) return folder;
  throw new UsageError(`FOLDER has ${folder.length} characters, which no system opens.`);
}

function refused(problems: readonly Problem[]): ExitStatus {
  printProblems(problems);
  return exitStatus.problems;
}
