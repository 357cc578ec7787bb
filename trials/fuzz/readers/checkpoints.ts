/** Readers of the files of a checkpoint folder. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { configFileNames } from '#engine/contract/config-files.ts';
import type { GraphDocument, Json } from '#engine/contract/document.ts';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import type { AnyNodeDefinition } from '#engine/node/any-node-definition.ts';
import { readFolderConfig } from '#host/files/folder-config.ts';
import { packageRoot, presetsFolder } from '#host/system/package-root.ts';
import { openChatTemplate } from '#host/text/chat-template.ts';
import { buildPrompt, wordIds } from '#host/text/prompt.ts';
import { smallTokenList } from '#host/text/small-token-list.testing.ts';
import { standInTokenizer } from '#host/text/stand-in-tokenizer.ts';
import { openTokenizer } from '#host/text/open-tokenizer.ts';
import { openCheckpoint } from '#host/weights/checkpoint.ts';
import { rowsOf, TensorReader } from '#host/weights/tensor-reader.ts';
import { writeSafetensors } from '#host/weights/write-safetensors.testing.ts';
import { catalogue } from '#nodes/index.ts';
import { complaintOf } from './complaint.ts';
import { bytesSample, jsonSample, onDisk, type Reader, type Sample } from './reader.ts';

const recorded = join(packageRoot, 'verify', 'recorded');
const shapes = join(presetsFolder, 'checkpoints', 'shapes-llava');

async function jsonAt(path: string): Promise<Json> {
  return JSON.parse(await readFile(path, 'utf8')) as Json;
}

/** Models of every family that takes a configuration, in both spellings. */
const configured = [
  'pipeline/llava-clip-llama pipeline/llava-siglip-phi pipeline/llava-next pipeline/video-llava',
  'encoder/dinov2-with-registers encoder/vit encoder/siglip moe/mixtral ssm/mamba slm/gemma',
  'slm/qwen2 slm/stablelm slm/llama-yarn projector/blip2-qformer projector/idefics3-pixel-shuffle',
].flatMap((line) => line.split(' '));

const adapter: Json = {
  peft_type: 'LORA',
  r: 8,
  lora_alpha: 16,
  use_rslora: false,
  bias: 'none',
  target_modules: ['q_proj', 'v_proj'],
  modules_to_save: null,
  fan_in_fan_out: false,
};

export const configReader: Reader = {
  name: 'config',
  about: 'config.json and its like: read, taken by every node, and the nodes checked with it',
  async samples() {
    const places = configured.flatMap((name) =>
      ['config.json', 'config.v4.json', 'preprocessor_config.json', 'processor_config.json'].map(
        (from) => [join(recorded, name, from), from.replace('.v4', '')] as const,
      ),
    );
    const found = await Promise.all(
      places.map(async ([path, name]) => {
        const value = await jsonAt(path).catch(() => null);
        return value === null ? [] : [jsonSample(name, value)];
      }),
    );
    return [...found.flat(), jsonSample('adapter_config.json', adapter)];
  },
  read: onDisk(async (folder) => {
    const files = await readFolderConfig(folder);
    if (!files.ok) return files;
    if (configFileNames.some((name) => files.value[name])) takeEverywhere(files.value);
    return files;
  }),
};

function takeEverywhere(files: Parameters<NonNullable<AnyNodeDefinition['fromConfig']>>[0]): void {
  for (const [type, definition] of Object.entries<AnyNodeDefinition>(catalogue)) {
    const taken = definition.fromConfig?.(files, {});
    if (!taken) continue;
    const complaint = complaintOf(taken);
    if (complaint !== null) throw new Error(`${type} ${complaint}`);
    if (!taken.ok) continue;
    const document: GraphDocument = sketchDocument({ node: [type, taken.value.params] }, []);
    // Figures that the node cannot have are told as problems of it.
    checkGraph(document, catalogue);
  }
}

/** What stands before the header of a safetensors file, and numbers behind it. */
const safetensorsFrame = (header: Buffer): Buffer => {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, Buffer.alloc(256, 0x3c)]);
};

const entry = (dtype: string, shape: readonly number[], from: number, to: number): Json => ({
  dtype,
  shape,
  data_offsets: [from, to],
});

const headers: readonly Json[] = [
  { __metadata__: { format: 'pt' }, weight: entry('F32', [4, 4], 0, 64) },
  { a: entry('F16', [2, 3], 0, 12), 'b.c': entry('BF16', [8], 12, 28), d: entry('U8', [], 28, 29) },
  { 'model.layers.0.q.weight': entry('F64', [2, 2], 0, 32), empty: entry('F32', [0, 7], 32, 32) },
];

const shards: Json = {
  metadata: { total_size: 64 },
  weight_map: { weight: 'model-1.safetensors', other: 'model-2.safetensors' },
};

async function shardFiles(): Promise<Readonly<Record<string, Buffer>>> {
  const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-shards-'));
  try {
    const files: Record<string, Buffer> = {};
    for (const [name, tensor] of [
      ['model-1.safetensors', 'weight'],
      ['model-2.safetensors', 'other'],
    ] as const) {
      const known = { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) };
      await writeSafetensors(join(folder, name), new Map([[tensor, known]]));
      files[name] = await readFile(join(folder, name));
    }
    return files;
  } finally {
    await rm(folder, { recursive: true });
  }
}

export const safetensorsReader: Reader = {
  name: 'safetensors',
  about: 'headers and indexes of safetensors files, and rows of the tensors that they list',
  async samples() {
    const files = await shardFiles();
    const whole = headers.map((value): Sample => ({
      file: 'model.safetensors',
      content: { kind: 'json', value, frame: safetensorsFrame },
    }));
    return [
      ...whole,
      jsonSample('model.safetensors.index.json', shards, files),
      {
        ...bytesSample('model-1.safetensors', files['model-1.safetensors'] as Buffer),
        beside: { ...files, 'model.safetensors.index.json': JSON.stringify(shards) },
      },
    ];
  },
  read: onDisk(async (folder) => {
    const checkpoint = await openCheckpoint(folder);
    if (!checkpoint.ok) return checkpoint;
    const reader = new TensorReader();
    try {
      for (const tensor of checkpoint.value.tensors.values()) {
        const rows = reader.readRows(tensor, 0, Math.min(2, rowsOf(tensor.shape).count));
        const complaint = complaintOf(rows);
        if (complaint !== null) throw new Error(complaint);
      }
    } finally {
      reader.close();
    }
    return checkpoint;
  }),
};

const tokenizers = [
  'bytelevel-bpe-gpt2 bytelevel-bpe-llama3 bytelevel-bpe-qwen2 unigram wordpiece',
  'sentencepiece-bpe-gemma sentencepiece-bpe-llama sentencepiece-bpe-llama-metaspace',
].flatMap((line) => line.split(' '));

const question = 'What colour is the “big” circle?  naïve 模型 🙂 12345\n\n<image> </s>';

export const tokenizerReader: Reader = {
  name: 'tokenizer',
  about: 'tokenizer.json and tokenizer_config.json: opened, a question encoded and decoded',
  async samples() {
    const samples = tokenizers.map(async (name): Promise<readonly Sample[]> => {
      const folder = join(recorded, 'tokenizer', name);
      const [tokenizer, config] = ['tokenizer.json', 'tokenizer_config.json'] as const;
      return [
        jsonSample(tokenizer, smaller(await jsonAt(join(folder, tokenizer)))),
        jsonSample(config, await jsonAt(join(folder, config)), {
          [tokenizer]: await readFile(join(folder, tokenizer)),
        }),
      ];
    });
    return (await Promise.all(samples)).flat();
  },
  read: onDisk(askTokenizer),
};

export const tokenListReader: Reader = {
  name: 'token-list',
  about: "the list of tokens of RWKV's World models: opened, a question encoded and decoded",
  samples: () =>
    Promise.resolve([bytesSample('rwkv_vocab_v20230424.txt', Buffer.from(smallTokenList()))]),
  read: onDisk(askTokenizer),
};

async function askTokenizer(folder: string): Promise<Outcome<unknown>> {
  const tokenizer = await openTokenizer(folder);
  if (!tokenizer.ok) return tokenizer;
  const prompt = buildPrompt({
    tokenizer: tokenizer.value,
    template: 'USER: <image> {prompt} ASSISTANT:',
    chat: null,
    prompt: question,
    runs: ['image', 'image'],
  });
  if (!prompt.ok) return prompt;
  const ids = wordIds(prompt.value);
  if (!ids.every((id) => Number.isSafeInteger(id) && id >= 0)) throw new Error(`ids ${ids.join()}`);
  tokenizer.value.decode([...ids, 2 ** 31, -1], { skipSpecialTokens: false });
  return ok(null);
}

/** A vocabulary of some tokens is parsed a hundred times as often as one of thousands. */
function smaller(file: Json): Json {
  const { model, ...rest } = file as { readonly model: Readonly<Record<string, Json>> };
  const vocabulary = model['vocab'] as Json;
  const vocab = Array.isArray(vocabulary)
    ? vocabulary.slice(0, 150)
    : Object.fromEntries(Object.entries(vocabulary as object).slice(0, 150));
  const merges = (model['merges'] as readonly Json[] | undefined)?.slice(0, 20);
  return { ...rest, model: { ...model, vocab, ...(merges && { merges }) } };
}

const templates = [
  join(recorded, 'pipeline/llava-clip-llama'),
  join(recorded, 'pipeline/llava-next'),
  shapes,
] as const;

/** What published templates do beyond those: namespaces, filters, slices, errors, macros. */
const richTemplate = `{%- set ns = namespace(found=false, n=0) -%}
{%- macro head(role) -%}<|{{ role | upper | trim }}|>{%- endmacro -%}
{%- if messages[0].role == 'system' -%}{{ raise_exception('none') }}{%- endif -%}
{%- for message in messages[::1] -%}
{%- set ns.n = ns.n + 1 -%}{{ bos_token if loop.first else '' }}{{ head(message.role) }}
{%- if message.content is string -%}{{ message.content | replace('a', 'b') }}
{%- else -%}{%- for part in message.content | selectattr('type', 'equalto', 'text') -%}
{{ part.text ~ (part | tojson | length) }}{%- endfor -%}
{%- for i in range(2) -%}{{ '%d' | string }}{{ [1, 2] | join(',') }}{%- endfor -%}
{%- endif -%}{%- endfor -%}{%- if add_generation_prompt -%}{{ strftime_now('%Y') }}{%- endif -%}`;

export const templateReader: Reader = {
  name: 'template',
  about: 'chat templates: rendered with a question and a picture',
  async samples() {
    const texts = templates.map((folder) => readFile(join(folder, 'chat_template.jinja')));
    const inConfig = {
      chat_template: [{ name: 'default', template: richTemplate }],
      bos_token: '<s>',
    };
    return [
      ...(await Promise.all(texts)).map((text) => bytesSample('chat_template.jinja', text)),
      bytesSample('chat_template.jinja', Buffer.from(richTemplate)),
      jsonSample('tokenizer_config.json', inConfig),
    ];
  },
  read: onDisk(async (folder): Promise<Outcome<unknown>> => {
    const chat = await openChatTemplate(folder);
    if (!chat.ok) return fail(...chat.problems);
    const request = { tokenizer: standInTokenizer(300), template: null, chat, prompt: question };
    return buildPrompt({ ...request, runs: ['image'] });
  }),
};
