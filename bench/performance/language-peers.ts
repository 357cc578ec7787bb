/** What language models are measured beside: the same shape with random weights in another program. */
import { join } from 'node:path';
import type { DecoderArchitecture } from '#nodes/language/architecture/decoder-architecture.ts';
import { threadCount } from '#host/system/machine.ts';
import type { Speeds } from '../language/measure-model.ts';
import { writeLanguageModel, type Family } from './gguf-language-model.ts';
import { NotMeasured } from '../engine/run-graph.ts';
import { haveNodePeers, havePython, peersFolder } from './install.ts';
import { PeerProgram, type Had } from './peer-program.ts';

export interface LanguageShape {
  /** Names the file of the weights. */
  readonly name: string;
  readonly family: Family;
  readonly architecture: DecoderArchitecture;
}

export interface LanguageLengths {
  readonly promptTokens: number;
  readonly newTokens: number;
}

export interface LanguagePeer {
  readonly measure: () => Promise<Speeds>;
  close(): Promise<void>;
}

type Open = (shape: LanguageShape, lengths: LanguageLengths) => Promise<Had<LanguagePeer>>;

export const languagePeers = {
  'llama.cpp': openLlamaCpp,
  'torch W8A8': openTorch,
} as const satisfies Record<string, Open>;
export type LanguagePeerName = keyof typeof languagePeers;

async function openLlamaCpp(
  { name, family, architecture }: LanguageShape,
  lengths: LanguageLengths,
): Promise<Had<LanguagePeer>> {
  const installed = await haveNodePeers();
  if ('reason' in installed) return installed;
  const path = join(peersFolder, 'models', `${name}.gguf`);
  await writeLanguageModel(path, family, architecture);
  const program = new PeerProgram(process.execPath, [join(peersFolder, 'llama-cpp.mjs')]);
  const request = { path, threads: threadCount, contextTokens: roomFor(lengths) };
  return opened(program, request, architecture, lengths);
}

async function openTorch(
  { family, architecture }: LanguageShape,
  lengths: LanguageLengths,
): Promise<Had<LanguagePeer>> {
  const python = await havePython('torch.txt');
  if ('reason' in python) return python;
  const program = new PeerProgram(python.peer, [join(peersFolder, 'torch_w8a8.py')]);
  const context = roomFor(lengths);
  const request = { family, architecture, threads: threadCount, context };
  return opened(program, request, architecture, lengths);
}

/** For prompt and answer, in steps of llama.cpp's. */
const roomFor = ({ promptTokens, newTokens }: LanguageLengths): number =>
  Math.ceil((promptTokens + newTokens) / 256) * 256;

/** Warmed up by one round that does not count. */
async function opened(
  program: PeerProgram,
  request: Readonly<Record<string, unknown>>,
  { vocabularySize }: DecoderArchitecture,
  { promptTokens, newTokens }: LanguageLengths,
): Promise<Had<LanguagePeer>> {
  // Another at each place, as in the engine's own prompt.
  const tokens = (from: number, count: number): readonly number[] =>
    Array.from({ length: count }, (_, place) => ((from + place) * 7919) % vocabularySize);
  const prompt = tokens(0, promptTokens);
  // The first token of the answer comes out of the prompt, and the last one is not read any more.
  const answer = tokens(promptTokens, newTokens - 1);
  const measure = async (): Promise<Speeds> => {
    const spent = await program.ask<{ readonly prefillMs: number; readonly decodeMs: number }>({
      kind: 'measure',
      prompt,
      answer,
    });
    return {
      prefill: prompt.length / (spent.prefillMs / 1000),
      decode: answer.length / (spent.decodeMs / 1000),
    };
  };
  try {
    console.error(JSON.stringify(await program.ask({ kind: 'open', ...request })));
    await measure();
    return { peer: { measure, close: () => program.close() } };
  } catch (cause) {
    await program.close();
    if (!(cause instanceof NotMeasured)) throw cause;
    return { reason: `it could not be run (${cause.message})` };
  }
}
