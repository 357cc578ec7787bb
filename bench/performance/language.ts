/**
 * Language models through the whole engine, in turn with the same shapes in other programs and with a reader of memory:
 * how much of the memory's bandwidth decode reaches, and how fast prompts are read beside the others.
 */
import { median } from '#engine/profile/statistics.ts';
import { MemoryReader } from '#host/calibration/memory-reader.ts';
import type { LocalHost } from '#host/local-host.ts';
import { publishedDecoders } from '#nodes/language/published-decoders.ts';
import { engineRound, type Speeds } from '../language/measure-model.ts';
import { medianRatio } from '../language/rounds.ts';
import { benchDocument, newTokens } from '../language/rows.ts';
import { withEngine } from '../engine/run-graph.ts';
import {
  languagePeers,
  type LanguagePeer,
  type LanguagePeerName,
  type LanguageShape,
} from './language-peers.ts';

/** Longer than the longest prompt; a published context would end before it. */
const contextLength = 8192;

const shapeOf = (
  name: 'tinyllama-1.1b' | 'phi-2',
  family: LanguageShape['family'],
): LanguageShape => ({
  name,
  family,
  architecture: { ...publishedDecoders[name], contextLength },
});

export const languageShapes = {
  'tinyllama-1.1b': { title: 'TinyLlama 1.1B', shape: shapeOf('tinyllama-1.1b', 'llama') },
  'phi-2': { title: 'Phi-2 2.7B', shape: shapeOf('phi-2', 'phi2') },
} as const;
export type LanguageName = keyof typeof languageShapes;

export const promptLengths = [600, 4000] as const;

/** A side of the comparison: its speeds round by round, or why there are none. */
export type Side = { readonly rounds: readonly Speeds[] } | { readonly reason: string };

export interface MeasuredLanguage {
  readonly title: string;
  readonly promptTokens: number;
  readonly ours: readonly Speeds[];
  readonly peers: Readonly<Record<LanguagePeerName, Side>>;
  readonly bytesPerToken: number;
  /** Of a reader of memory, round by round. */
  readonly reads: readonly number[];
}

/** Throws `NotMeasured` with the reason. */
export function measureLanguage(
  name: LanguageName,
  words: number,
  rounds: number,
): Promise<MeasuredLanguage> {
  const { title, shape } = languageShapes[name];
  return withEngine(async (host) => {
    const ours = new OurModel(host, title, shape, words);
    const { promptTokens, bytesPerToken } = await ours.measure();
    const opened = await openPeers(shape, promptTokens);
    const memory = await MemoryReader.open();
    try {
      const measured: Record<string, Speeds[]> = { Patchbay: [] };
      const reads: number[] = [];
      const turns: readonly (readonly [string, () => Promise<Speeds>])[] = [
        [
          'Patchbay',
          async () => {
            const speeds = await ours.measure();
            // Right behind the decode that it is held against.
            reads.push(await memory.bytesPerSecond());
            return speeds;
          },
        ],
        ...Object.entries(opened.peers).map(([peer, { measure }]) => [peer, measure] as const),
      ];
      for (let round = 0; round < rounds; round++) {
        for (const [side, measure] of rotated(turns, round)) {
          const speeds = await measure();
          (measured[side] ??= []).push(speeds);
          console.error(
            `${title}, ${promptTokens} tokens, round ${round + 1} of ${rounds}, ${side}: prefill ${speeds.prefill.toFixed(1)}, decode ${speeds.decode.toFixed(1)} tokens per second`,
          );
        }
      }
      const sides = Object.keys(languagePeers).map((peer) => {
        const reason = opened.reasons[peer];
        return [
          peer,
          reason === undefined ? { rounds: measured[peer] ?? [] } : { reason },
        ] as const;
      });
      return {
        title,
        promptTokens,
        ours: measured['Patchbay'] ?? [],
        peers: Object.fromEntries(sides) as MeasuredLanguage['peers'],
        bytesPerToken,
        reads,
      };
    } finally {
      await memory.close();
      for (const peer of Object.values(opened.peers)) await peer.close();
    }
  });
}

/** As each side goes first in turn: the second finds a warmer machine. */
const rotated = <Item>(items: readonly Item[], by: number): readonly Item[] =>
  items.map((_, index) => items[(index + by) % items.length] as Item);

/** The engine's own: int4 matrices write the answer, a w8a8 copy reads the prompt. */
class OurModel {
  readonly #host: LocalHost;
  readonly #document;
  readonly #touching;

  constructor(host: LocalHost, title: string, { architecture }: LanguageShape, words: number) {
    this.#host = host;
    const row = {
      title,
      type: 'language/decoder',
      params: { ...architecture, model: 'custom', prefillPrecision: 'w8a8' },
    } as const;
    this.#document = benchDocument(row, words);
    this.#touching = benchDocument(row, touchingWords);
  }

  async measure() {
    await engineRound(this.#host, this.#touching);
    return engineRound(this.#host, this.#document);
  }
}

/** By which all weights come back from where untouched memory goes, before anything is timed. */
const touchingWords = 8;

async function openPeers(shape: LanguageShape, promptTokens: number) {
  const peers: Record<string, LanguagePeer> = {};
  const reasons: Record<string, string> = {};
  for (const [name, open] of Object.entries(languagePeers)) {
    const had = await open(shape, { promptTokens, newTokens });
    if ('peer' in had) peers[name] = had.peer;
    else reasons[name] = had.reason;
  }
  return { peers, reasons };
}

export const medianSpeeds = (rounds: readonly Speeds[]): Speeds => ({
  prefill: median(rounds.map(({ prefill }) => prefill)),
  decode: median(rounds.map(({ decode }) => decode)),
});

/** Of decode, the share of what memory gives when it is only read; each round's own. */
export const bandwidthShare = ({ ours, reads, bytesPerToken }: MeasuredLanguage): number =>
  medianRatio(
    ours.map(({ decode }) => decode * bytesPerToken),
    reads,
  );
