/** What can stand between the encoder and the language model of a LLaVA, how it is wired, and what its paper claims. */
import type { Edge, GraphDocument } from '#engine/contract/document.ts';
import { sketchDocument, type NodeSketch } from '#engine/graph/sketch-document.ts';

export interface Compressor {
  readonly title: string;
  /** Nodes that come in; one under an id that is there takes the place of that one. */
  readonly nodes: Readonly<Record<string, NodeSketch>>;
  /** Wires that come in; what led to the same ports goes. */
  readonly wires: readonly string[];
  /** What is left in its paper, in the paper's own terms; absent where it gives no figure that can be named. */
  readonly claim?: Claim;
}

interface Claim {
  readonly says: string;
  readonly source: string;
}

/** A node between the encoder and the projector. */
const before = (...node: NodeSketch): Pick<Compressor, 'nodes' | 'wires'> => ({
  nodes: { compressor: node },
  wires: ['encoder.tokens > compressor.tokens', 'compressor.tokens > projector.tokens'],
});

const prumerge = (kept: string): Pick<Compressor, 'nodes' | 'wires'> => {
  const placed = before('compression/prumerge', { kept });
  return { ...placed, wires: [...placed.wires, 'encoder.queryKey > compressor.queryKey'] };
};

/** A projector that leaves fewer tokens, in the place of the one that is there. */
const instead = (...node: NodeSketch): Pick<Compressor, 'nodes' | 'wires'> => ({
  nodes: { projector: node },
  wires: [],
});

/** A part plugged into the encoder or the language model. */
const part = (port: string, ...node: NodeSketch): Pick<Compressor, 'nodes' | 'wires'> => ({
  nodes: { compressor: node },
  wires: [`compressor.part > ${port}`],
});

export const compressors: Readonly<Record<string, Compressor>> = {
  'average-pool': { title: 'Average pooling, 2 × 2', ...before('compression/average-pool') },
  'bilinear-pool': { title: 'Bilinear pooling', ...before('compression/bilinear-pool') },
  'pixel-shuffle': {
    title: 'Pixel shuffle, 2 × 2',
    ...before('compression/pixel-shuffle'),
    claim: { says: '1024 tokens to 256', source: 'model card of InternVL3.5' },
  },
  prumerge: {
    title: 'PruMerge',
    ...prumerge('outliers'),
    claim: { says: '14 times fewer tokens on average', source: '2403.15388, abstract' },
  },
  'prumerge-plus': { title: 'PruMerge+', ...prumerge('outliers-and-spread') },
  tome: {
    title: 'ToMe, 16 a block',
    ...part('encoder.parts', 'compression/tome', { merged: '16' }),
    claim: {
      says: 'twice the throughput of the encoder (ViT-L at 512 px)',
      source: '2210.09461, abstract',
    },
  },
  madtp: {
    title: 'MADTP',
    ...part('encoder.parts', 'compression/madtp'),
    claim: { says: '80% fewer GFLOPs (BLIP on NLVR2)', source: '2403.02991, abstract' },
  },
  'instruction-filter': {
    title: 'HRVDA instruction filter, half',
    nodes: {
      words: ['text/tokenise'],
      vectors: ['text/embedding', { model: 'vicuna-7b' }],
      compressor: ['compression/instruction-filter'],
    },
    wires: [
      'prompt.text > words.text',
      'words.ids > vectors.ids',
      'vectors.embeddings > compressor.instruction',
      'projector.tokens > compressor.tokens',
      'compressor.tokens > language.visual',
    ],
  },
  fastv: {
    title: 'FastV, K 2, R 50%',
    ...part('language.acceleration', 'acceleration/fastv'),
    claim: { says: '45% fewer FLOPs (LLaVA-1.5 13B)', source: '2403.06764, abstract' },
  },
  vtw: {
    title: 'VTW, K 15',
    ...part('language.acceleration', 'acceleration/vtw'),
    claim: { says: 'over 40% less computation', source: '2405.05803, abstract' },
  },
  tokenpacker: {
    title: 'TokenPacker, one level',
    nodes: { projector: ['projector/tokenpacker'] },
    // The tower gives the tokens of one layer; each other level would be a second tower.
    wires: ['encoder.tokens > projector.levels'],
    claim: { says: '75% to 89% fewer tokens', source: '2407.02392, abstract' },
  },
  ldp: {
    title: 'LDP',
    ...instead('projector/ldp'),
    claim: { says: '75% fewer tokens', source: 'MobileVLM, 2312.16886' },
  },
  'ldp-v2': {
    title: 'LDPv2',
    ...instead('projector/ldp-v2'),
    claim: { says: '576 to 144 tokens', source: 'MobileVLM V2, 2402.03766' },
  },
  xdp: {
    title: 'XDP',
    ...instead('projector/xdp'),
    claim: { says: '75% fewer tokens', source: 'Xmodel-VLM, 2405.09215' },
  },
  'patch-merger': { title: 'Patch merger', ...instead('projector/patch-merger') },
  'mistral3-merger': { title: 'Mistral 3 merger', ...instead('projector/mistral3-merger') },
  'c-abstractor': { title: 'C-Abstractor', ...instead('projector/c-abstractor') },
  'd-abstractor': { title: 'D-Abstractor', ...instead('projector/d-abstractor') },
  'perceiver-resampler': {
    title: 'Perceiver resampler',
    ...before('projector/perceiver-resampler'),
    claim: {
      says: '64 tokens, however many come in',
      source: 'Flamingo, 2204.14198',
    },
  },
  'idefics2-perceiver': {
    title: 'Idefics2 perceiver',
    ...instead('projector/idefics2-perceiver'),
  },
  'sincos-resampler': {
    title: 'Qwen-VL resampler',
    ...instead('projector/sincos-resampler'),
    claim: {
      says: '256 tokens, however many come in',
      source: 'Qwen-VL, 2308.12966',
    },
  },
  'q-former': {
    title: 'Q-Former',
    ...instead('projector/q-former'),
    claim: { says: '32 tokens, however many come in', source: 'BLIP-2, 2301.12597' },
  },
};

/** Nodes of the family that cannot stand in this graph, and why. */
export const absent: Readonly<Record<string, string>> = {
  'compression/llama-vid': 'It asks for the queries of a Q-Former that has heard the question.',
  'compression/memory-bank': 'It joins the frames of a clip; here is one picture.',
  'compression/frame-abstractor': 'It joins the frames of a clip; here is one picture.',
  'compression/funnel':
    "It has blocks of its own and takes the place of an encoder's, not of its tokens.",
  'compression/content-filter': 'It takes patches out before Swin; here is CLIP.',
  'compression/texthawk': 'It asks for the tokens of four layers of the encoder.',
};

/** The graph with a compressor in it. */
export function withCompressor(
  document: GraphDocument,
  { nodes, wires }: Pick<Compressor, 'nodes' | 'wires'>,
): GraphDocument {
  const added = sketchDocument(nodes, wires);
  const portOf = ({ to }: Edge): string => `${to.node}.${to.port}`;
  const taken = new Set(added.edges.map(portOf));
  return {
    ...document,
    nodes: { ...document.nodes, ...added.nodes },
    edges: [...document.edges.filter((edge) => !taken.has(portOf(edge))), ...added.edges],
  };
}
