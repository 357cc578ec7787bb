/** On what machine and with what options a run was made, and by which versions. Pure. */
import { formatBytes } from '../../contract/format.ts';
import type { Report } from '../../contract/report.ts';
import type { Machine } from '../../contract/run-event.ts';
import type { RunOptions } from '../../contract/run-request.ts';
import { markup, type Markup } from './markup.ts';
import { factTable } from './table.ts';

export function settingSection({ options, machine }: Report): Markup | null {
  if (!options && !machine) return null;
  return markup`<section><h2>How it was run</h2>
${options && factTable('Options', optionFacts(options))}
${machine && factTable('Machine and versions', machineFacts(machine))}</section>`;
}

type Facts = readonly (readonly [name: string, value: string | null])[];

const given = (value: number | string | undefined): string | null =>
  value === undefined ? null : String(value);

const optionFacts = ({
  runs,
  threads,
  priority,
  memoryBytes,
  reuse,
  maxNewTokens,
  seed,
  until,
}: RunOptions): Facts => [
  ['Timed passes', given(runs) ?? 'as many as make the figures steady'],
  ['Threads of ONNX Runtime', given(threads) ?? 'one a core'],
  ['Priority', given(priority) ?? 'normal'],
  ['Memory allowed', memoryBytes === undefined ? 'what the machine has' : formatBytes(memoryBytes)],
  ['Most new tokens', given(maxNewTokens) ?? 'as the graph says'],
  ['Seed', given(seed) ?? 'as the graph says'],
  ['Reuses what the run before has read', reuse === true ? 'yes' : 'no'],
  ['Only what leads to', given(until)],
];

const machineFacts = (machine: Machine): Facts => [
  ['Processor', machine.cpu],
  ['Cores', String(machine.cores)],
  ['Threads', String(machine.threads)],
  ['Memory', formatBytes(machine.memoryBytes)],
  ['System', machine.platform],
  ['ONNX Runtime', machine.onnxRuntime],
  ['Node.js', machine.node],
  ['Patchbay', machine.patchbay],
];
