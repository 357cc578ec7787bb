/** docs/performance.md: what is promised of speed and memory, how each figure is measured, and whether it is met. */
import { pageWith, provenance } from './sections.ts';

/** The whole page is made of these, in this order; each has a text that says how its figures are measured. */
const parts = {
  machine: {
    title: 'The machine',
    how:
      'What the figures below are held against: products of matrices in each precision, as nodes have them, and memory ' +
      'that as many threads as the engine has do nothing but read.',
  },
  language: {
    title: 'Language models beside other programs',
    how:
      'The published shapes with random weights, a context of 8,192 so that the long prompt fits, and 64 tokens of answer. ' +
      'Patchbay is the whole engine: its own process, tokeniser, cache, sampling and streaming; int4 matrices (blocks of ' +
      '128, 4.25 bits a weight) write the answer and a w8a8 copy of them reads the prompt; keys and values are float32. ' +
      'llama.cpp is its prebuilt library for this processor, with a file of the same shape that the bench writes itself: ' +
      'every matrix Q4_0 (4.5 bits a weight), flash attention, batches of 512, keys and values in float16. torch is the ' +
      'same decoder in plain modules, its linear layers by dynamic quantisation (int8 weights, activations rounded as they ' +
      'come), fused attention, keys and values in float32. All have as many threads as the machine has cores, are given ' +
      'as many tokens, another one at each place, and are fed the answer token by token, each behind the choice of the one ' +
      'before. Prefill ends with the first token of the answer; decode is the other 63.\n\n' +
      "All sides take turns, each goes first in turn, and what is compared is the median of each round's own ratio. " +
      'Before each measurement a few tokens are read and written, as memory that was left alone for a minute is slow at ' +
      'its first touch. The bandwidth of decode is the bytes that a token cannot but read (weights with their scales, and ' +
      'the state of the context) times tokens a second; the reader of memory reads right behind it.',
  },
  encoders: {
    title: 'Encoders',
    how:
      'One picture through the whole engine, random weights, medians of rounds in which all sides take turns. The bound of ' +
      'a float32 encoder is the sum over the matrix products of its graph, those with weights and those inside attention, ' +
      "each measured alone in a bare ONNX Runtime session with operands of the same shapes. ONNX Runtime's own form is the " +
      'float32 graph as Patchbay exports it, quantised by `quantize_dynamic` (weights by channel), in a bare session of the ' +
      'same library.',
  },
  overhead: {
    title: 'What is added to ONNX Runtime',
    how:
      'Per token: a decoder with the layers and the vocabulary of TinyLlama but narrow, so that tokens take about a ' +
      'millisecond and what surrounds a session shows; the whole engine in turn with the bare sessions of the same graphs, ' +
      "fed tensors of the same shapes; the median of each round's own difference. Inside the stages: the tiny model that " +
      'comes along answers its own question; the time of all stages by the time of the whole pass.',
  },
  start: {
    title: 'Start',
    how:
      'Ready from cache: a new engine process is asked for a run; its models are loaded when all stages have said so. Files ' +
      'are in the memory of the system, as they are when a program is started again. What the process itself takes to ' +
      'start is in it. The first build, in an empty cache: bytes of weights by the time in which they are made and ' +
      'written, and by the time until ONNX Runtime has packed them for this processor too. Stored once: the cache after ' +
      'two graphs with the same encoder and one that takes tokens of another of its layers, by the cache after the first.',
  },
  lowMemory: {
    title: 'Low memory',
    how:
      'LLaVA-1.5-7B with random weights at int4, one picture and an answer of 16 tokens, under a limit of memory; the ' +
      'highest resident memory of the engine process from its first byte to its last, as the system keeps it and as the ' +
      'run samples it, mapped files included. Once with everything to be built, once from the cache.',
  },
  memory: {
    title: 'Memory while a long prompt is read',
    how:
      'The highest resident memory of prefill, beside what has to be there (weights, state, and the activations of one ' +
      'piece of the prompt) and beside the estimate made before the run; in a new process that found the model built.',
  },
  estimate: {
    title: 'Estimates beside measurements',
    how:
      'Each preset at its true size, estimated before it is run: every operator of its graphs under the roofs of this machine ' +
      'as `patchbay calibrate` has them, by what share of them operators of its kind and size reached in the other presets; ' +
      'nothing measured of a preset is in its own estimate. Decode is the time of a token. What the host does itself ' +
      '(tokenising, preparing pictures) is not estimated. Peak memory is what the stage holds at its highest, in prefill ' +
      'for a language model.',
  },
} as const;

export type PerformancePart = keyof typeof parts;

const titles = Object.fromEntries(
  Object.entries(parts).map(([part, { title }]) => [part, title]),
) as Readonly<Record<PerformancePart, string>>;

/** Heading, machine, how it is measured, and what came out. */
export function performanceSection(
  part: PerformancePart,
  command: string,
  ...blocks: readonly string[]
): string {
  const { title, how } = parts[part];
  return [`## ${title}`, provenance(command), how, ...blocks].filter(Boolean).join('\n\n');
}

const introduction = `# How fast, and in how much memory

What is promised, measured on the machine that each section names. Written by commands, which anybody can run again on a
machine that does nothing else:

\`\`\`sh
npm run bench:peers                        # everything beside others, to the terminal
npm run bench:peers -- --write             # everything beside others, into this page
npm run bench:peers language -- --write    # one part: machine, language, encoders, overhead, start or low-memory
npm run bench:peers language -- --model phi-2 --tokens 600   # one model at one length of prompt
npm run bench:memory -- --write            # memory while a long prompt is read
npm run bench:estimate -- --write          # estimates beside measurements
\`\`\`

\`bench:peers\` first installs what Patchbay is measured beside, under \`bench/peers\`: nothing of it is part of Patchbay. A
peer that cannot be had is named with the reason, and the figures that need it are not measured.
`;

/** The page with some sections new; those that are not keep what the page had. */
export const performancePage = (
  old: string,
  sections: Readonly<Partial<Record<PerformancePart, string>>>,
): string => pageWith(introduction, titles, old, sections);
