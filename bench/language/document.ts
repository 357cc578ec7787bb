/** docs/language-models.md: what language models cost here, with machine, date and command. */
import { formatBytes } from '#engine/contract/format.ts';
import { describeMachine } from '#host/system/machine.ts';
import { markdownTable } from '../markdown-table.ts';
import type { MeasuredModel } from './measure-model.ts';
import { newTokens } from './rows.ts';

const speed = (perSecond: number): string => perSecond.toFixed(1);
const giga = (bytesPerSecond: number): string => (bytesPerSecond / 1e9).toFixed(1);

export function languageTable(models: readonly MeasuredModel[]): string {
  const titles = [
    'model',
    'prefill tok/s',
    'bare',
    'bare / engine',
    'decode tok/s',
    'bare',
    'bare / engine',
    'state',
    'GB/s read',
    'of memory',
  ];
  const rows = models.map(
    ({ title, engine, bare, bareByEngine, bytesPerToken, ...model }): readonly string[] => [
      title,
      speed(engine.prefill),
      speed(bare.prefill),
      bareByEngine.prefill.toFixed(3),
      speed(engine.decode),
      speed(bare.decode),
      bareByEngine.decode.toFixed(3),
      formatBytes(model.stateBytes),
      giga(engine.decode * bytesPerToken),
      model.bandwidthShare.toFixed(2),
    ],
  );
  return markdownTable(titles, rows);
}

export function languagePage(models: readonly MeasuredModel[], command: string): string {
  const { cpu, threads, memoryBytes, node, onnxRuntime } = describeMachine();
  const date = new Date().toISOString().slice(0, 10);
  const [first] = models;
  return `# What language models cost

Random weights at int4, ${first?.promptTokens ?? 0} tokens of prompt, ${newTokens} of answer; medians of ${first?.rounds ?? 0} rounds, in which the whole engine, the bare
sessions of the same two graphs and a reader of memory take turns. "bare / engine" is the median of each round's own ratio.
"state" is what is carried from token to token behind the prompt. "GB/s read" is decode's speed times the bytes of weights and state that a token
reads; "of memory" is its share of what as many processes as threads get when they do nothing but read.

${languageTable(models)}

Measured on ${date} by \`${command}\`: ${cpu}, ${threads} threads, ${formatBytes(memoryBytes)}, Node.js ${node}, ONNX Runtime ${onnxRuntime}.
`;
}
