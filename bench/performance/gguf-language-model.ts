/** A language model of a published shape with random weights, as a file for llama.cpp: every matrix in Q4_0, as ours are int4. */
import { createCipheriv } from 'node:crypto';
import { access, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DecoderArchitecture } from '#nodes/language/architecture/decoder-architecture.ts';
import { quantised, tensorBytes, writeGguf, type GgufTensor, type GgufValue } from './gguf.ts';

/** Of llama.cpp, by which it knows what to compute. */
export type Family = 'llama' | 'phi2';

/** Writes the file unless it is there. */
export async function writeLanguageModel(
  path: string,
  family: Family,
  architecture: DecoderArchitecture,
): Promise<void> {
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (isThere) return;
  await mkdir(dirname(path), { recursive: true });
  const tensors = languageTensors(family, architecture);
  await writeGguf(path, languageFacts(family, architecture), tensors, randomNumbers());
}

/** What llama.cpp reads of an architecture; a vocabulary of words without meaning, as none is written that is looked at. */
export function languageFacts(
  family: Family,
  architecture: DecoderArchitecture,
): Readonly<Record<string, GgufValue>> {
  const { vocabularySize, hiddenSize, headSize, normEpsilon } = architecture;
  const epsilon = family === 'llama' ? 'layer_norm_rms_epsilon' : 'layer_norm_epsilon';
  const words = vocabulary(vocabularySize);
  return {
    'general.architecture': { string: family },
    'general.name': { string: `random ${family}` },
    // Mostly Q4_0.
    'general.file_type': { uint32: 2 },
    [`${family}.vocab_size`]: { uint32: vocabularySize },
    [`${family}.context_length`]: { uint32: architecture.contextLength },
    [`${family}.embedding_length`]: { uint32: hiddenSize },
    [`${family}.block_count`]: { uint32: architecture.layerCount },
    [`${family}.feed_forward_length`]: { uint32: architecture.feedForwardSize },
    [`${family}.attention.head_count`]: { uint32: architecture.headCount },
    [`${family}.attention.head_count_kv`]: { uint32: architecture.keyValueHeadCount },
    [`${family}.attention.${epsilon}`]: { float32: normEpsilon },
    [`${family}.rope.dimension_count`]: {
      uint32: Math.round(headSize * architecture.rotaryFraction),
    },
    [`${family}.rope.freq_base`]: { float32: architecture.rotaryBase },
    'tokenizer.ggml.model': { string: 'llama' },
    'tokenizer.ggml.tokens': { strings: words.map(({ text }) => text) },
    'tokenizer.ggml.scores': { float32s: words.map((_, id) => -id) },
    'tokenizer.ggml.token_type': { int32s: words.map(({ kind }) => kind) },
    'tokenizer.ggml.bos_token_id': { uint32: 1 },
    'tokenizer.ggml.eos_token_id': { uint32: 2 },
    'tokenizer.ggml.unknown_token_id': { uint32: 0 },
  };
}

/** Of a word in the list. */
const kinds = { normal: 1, unknown: 2, control: 3, byte: 6 } as const;

/** Three that are none, one a byte, as llama.cpp asks for, and then numbered ones. */
function vocabulary(size: number): readonly { readonly text: string; readonly kind: number }[] {
  const bytes = Array.from({ length: 256 }, (_, byte) => ({
    text: `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
    kind: kinds.byte,
  }));
  const special = [
    { text: '<unk>', kind: kinds.unknown },
    { text: '<s>', kind: kinds.control },
    { text: '</s>', kind: kinds.control },
    ...bytes,
  ];
  return Array.from(
    { length: size },
    (_, id) => special[id] ?? { text: `\u2581w${id}`, kind: kinds.normal },
  );
}

/** Under llama.cpp's names, matrices as [outputs, inputs]. */
export function languageTensors(
  family: Family,
  architecture: DecoderArchitecture,
): readonly GgufTensor[] {
  const { vocabularySize, hiddenSize: hidden, layerCount, feedForwardSize } = architecture;
  const attended = architecture.headCount * architecture.headSize;
  const shared = architecture.keyValueHeadCount * architecture.headSize;
  const biased = family === 'phi2';
  const matrix = (name: string, outputs: number, inputs: number): GgufTensor => ({
    name: `${name}.weight`,
    shape: [outputs, inputs],
    type: 'q4_0',
  });
  const vector = (name: string, size: number): GgufTensor => ({ name, shape: [size], type: 'f32' });
  const linear = (name: string, outputs: number, inputs: number): readonly GgufTensor[] => [
    matrix(name, outputs, inputs),
    ...(biased ? [vector(`${name}.bias`, outputs)] : []),
  ];
  const norm = (name: string): readonly GgufTensor[] => [
    vector(`${name}.weight`, hidden),
    ...(biased ? [vector(`${name}.bias`, hidden)] : []),
  ];
  const layer = (index: number): readonly GgufTensor[] => {
    const at = `blk.${index}`;
    return [
      ...norm(`${at}.attn_norm`),
      ...(family === 'llama'
        ? [
            matrix(`${at}.attn_q`, attended, hidden),
            matrix(`${at}.attn_k`, shared, hidden),
            matrix(`${at}.attn_v`, shared, hidden),
          ]
        : linear(`${at}.attn_qkv`, attended + 2 * shared, hidden)),
      ...linear(`${at}.attn_output`, hidden, attended),
      ...(family === 'llama'
        ? [...norm(`${at}.ffn_norm`), matrix(`${at}.ffn_gate`, feedForwardSize, hidden)]
        : []),
      ...linear(`${at}.ffn_up`, feedForwardSize, hidden),
      ...linear(`${at}.ffn_down`, hidden, feedForwardSize),
    ];
  };
  return [
    matrix('token_embd', vocabularySize, hidden),
    ...Array.from({ length: layerCount }, (_, index) => layer(index)).flat(),
    ...norm('output_norm'),
    ...linear('output', vocabularySize, hidden),
  ];
}

const pieceBlocks = 2 ** 18;
/** 0.0043 as float16: with pairs of -8 to 7 weights deviate by 0.02, as those of trained models do. */
const scaleBits = 0x1c67;

/** The same weights every time: what a cipher makes of zeros. Norms are ones, biases zeros. */
function randomNumbers(): (tensor: GgufTensor) => Iterable<Buffer> {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 7), Buffer.alloc(16));
  const zeros = Buffer.alloc(pieceBlocks * quantised.blockBytes);
  return function* numbersOf(tensor) {
    const bytes = tensorBytes(tensor);
    if (tensor.type === 'f32') {
      const value = tensor.name.endsWith('.bias') ? 0 : 1;
      yield Buffer.from(new Float32Array(bytes / 4).fill(value).buffer);
      return;
    }
    for (let done = 0; done < bytes; done += zeros.length) {
      const piece = cipher.update(zeros.subarray(0, Math.min(zeros.length, bytes - done)));
      for (let at = 0; at < piece.length; at += quantised.blockBytes)
        piece.writeUInt16LE(scaleBits, at);
      yield piece;
    }
  };
}
