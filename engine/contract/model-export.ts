/** The models of a graph as ONNX files: what is asked, and the manifest that lies beside them. */
import { z } from 'zod';
import { documentSchema, type DeepReadonly } from './document.ts';
import { stageFactsSchema } from './run-event.ts';
import { sizedText } from './sized.ts';

export const exportRequestSchema = z.object({
  document: documentSchema,
  /** Absolute. It is made, or has to be empty; its parent has to be there. */
  folder: sizedText(1, 4096),
  /** Folder against which relative paths of the graph are resolved. */
  baseFolder: z.string().optional(),
});

export const manifestName = 'manifest.json';

const tensorSchema = z.object({
  name: z.string(),
  type: z.enum(['float32', 'float16', 'int64', 'int32', 'int8', 'uint8', 'bool']),
  /** A number, or the name of a size that a run decides; the same name is the same size. */
  shape: z.array(z.union([z.int(), z.string()])),
  /**
   * `port`: what a wire carries. `fact`: whole numbers that follow from the views. `unseen`: true, [] bool, leaves the
   * `shown` outputs empty. `shown`: what the node did, to be looked at. `protocol`, `state`: of the language model's
   * protocol, the one that changes and the one that is carried from call to call.
   */
  meaning: z.enum(['port', 'fact', 'unseen', 'shown', 'protocol', 'state']),
  /** The node's port, and which of its wires where it takes several. */
  port: z.string().nullable(),
  wire: z.int().nullable(),
});

const modelSchema = z.object({
  file: z.string(),
  /** External data of `file`, in the same folder; null where it has none. */
  weightsFile: z.string().nullable(),
  inputs: z.array(tensorSchema),
  outputs: z.array(tensorSchema),
});

const languagePairSchema = z.object({
  /** `ids` [1, sequence] int64 → `embeddings` [1, sequence, D]. */
  embed: modelSchema,
  decoder: modelSchema,
  /** Reads prompts in place of `decoder`, with the same inputs and outputs; null where that reads them itself. */
  prefill: modelSchema.nullable(),
  hiddenSize: z.int(),
  vocabularySize: z.int(),
  contextLength: z.int(),
  /** Layers between two boundaries, which hold the same tokens. */
  segments: z.int(),
  /** What is carried from call to call, in order: `past.<name>` goes in, `new.<name>` comes out. */
  state: z.array(
    z.discriminatedUnion('kind', [
      z.object({
        kind: z.literal('key-value'),
        name: z.string(),
        type: z.enum(['float32', 'float16', 'int8']),
        heads: z.int(),
        size: z.int(),
        segment: z.int(),
        /** Tokens that one sees, itself included; null where that is all. */
        window: z.int().nullable(),
      }),
      z.object({ kind: z.literal('recurrent'), name: z.string(), shape: z.array(z.int()) }),
    ]),
  ),
});

const bodySchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('onnx'),
    model: modelSchema,
    /** What one run takes: any number of views along the leading dimension, one view, or those of one picture. */
    runsBy: z.enum(['views', 'view', 'item']),
  }),
  languagePairSchema.extend({
    kind: z.literal('language-model'),
    /** Where in Patchbay's documents the calls are described. */
    protocol: z.string(),
    decoding: z.enum(['plain', 'draft', 'early-exit']),
    /** Of a draft that guesses ahead. */
    draft: languagePairSchema.nullable(),
    /** Layers before which tokens are dropped, or may leave. */
    boundaries: z.array(z.object({ kind: z.string(), layer: z.int() })),
    /** `<image>` marks visual tokens, `{prompt}` the question; null is the checkpoint's own chat template. */
    template: z.string().nullable(),
    /** Texts around pictures and their tiles. */
    pictureLayout: z.json(),
  }),
  /** What Patchbay does itself; `facts` are its figures, such as sizes, means and kernels of preprocessing. */
  z.object({ kind: z.literal('step'), step: z.string(), facts: z.json() }),
]);

export const exportManifestSchema = z.object({
  format: z.literal('patchbay-onnx'),
  version: z.literal(1),
  /** Title of the graph. */
  graph: z.string(),
  patchbay: z.string(),
  onnx: z.object({
    irVersion: z.int(),
    /** By domain; "" is ONNX's own. */
    opsets: z.record(z.string(), z.int()),
    /** The version that Patchbay runs them with. */
    onnxRuntime: z.string(),
  }),
  /** In the order in which they run. */
  stages: z.array(
    z.object({
      id: z.string(),
      type: z.string(),
      title: z.string(),
      precision: stageFactsSchema.shape.precision,
      weights: stageFactsSchema.shape.weights,
      /** Which stage and port each wire of an input comes from, in order. */
      inputs: z.record(z.string(), z.array(z.object({ stage: z.string(), port: z.string() }))),
      body: bodySchema,
    }),
  ),
  /** Every file of the folder but this one. */
  files: z.array(
    z.object({ name: z.string(), bytes: z.int(), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
  ),
});

export type ExportRequest = DeepReadonly<z.infer<typeof exportRequestSchema>>;
export type ExportManifest = DeepReadonly<z.infer<typeof exportManifestSchema>>;
export type ExportedStage = ExportManifest['stages'][number];
export type ExportedModel = DeepReadonly<z.infer<typeof modelSchema>>;
export type ExportedTensor = DeepReadonly<z.infer<typeof tensorSchema>>;
export type ExportedFile = ExportManifest['files'][number];
