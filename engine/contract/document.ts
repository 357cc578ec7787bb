/**
 * The graph document, `*.patchbay.json`: names instead of positions, layout apart from meaning.
 * Fields and node types that this version does not know are kept and written back unchanged.
 */
import { z } from 'zod';
import { publicationSchema } from './publication.ts';
import { sizedList, sizedText } from './sized.ts';

export const documentVersion = 1;
export const documentExtension = '.patchbay.json';

/** Caps on what a file may hold, so that a hostile or mistaken file is refused before it costs anything. */
export const documentLimits = {
  /** A graph of 1,000 nodes is about half a megabyte; 16 MB leaves room for long prompts and notes. */
  bytes: 16 * 1024 * 1024,
  /** Nesting of JSON values. A document needs 6; parsers of other tools break near 1,000. */
  depth: 32,
  /** React Flow and a reader both give up long before this. */
  nodes: 5_000,
  /** Four wires a node. */
  edges: 20_000,
  notes: 1_000,
  /** Titles and names are shown on one line. */
  titleCharacters: 200,
  /** About a page of text. */
  aboutCharacters: 10_000,
} as const;

export type Json =
  string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** Are arrays and objects nested more than `limit` deep? Looks no further than that, whatever it is given. */
export function nestsDeeper(value: unknown, limit: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (limit === 0) return true;
  return Object.values(value).some((item) => nestsDeeper(item, limit - 1));
}

export const idSchema = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9_-]{0,63}$/,
    'must be a letter followed by up to 63 letters, digits, - or _',
  );
const portRefSchema = z.looseObject({ node: idSchema, port: idSchema });
const coordinateSchema = z.number().min(-1e6).max(1e6);
export const positionSchema = z.looseObject({ x: coordinateSchema, y: coordinateSchema });
export const titleSchema = sizedText(0, documentLimits.titleCharacters);
export const paramNameSchema = z.string().max(100);

export const nodeSchema = z.looseObject({
  type: sizedText(1, 100),
  version: z.int().min(1).max(10_000),
  title: titleSchema.optional(),
  params: z.record(paramNameSchema, z.json()),
});

export const edgeSchema = z.looseObject({ from: portRefSchema, to: portRefSchema });

export const noteSchema = z.looseObject({
  text: sizedText(0, documentLimits.aboutCharacters),
  x: coordinateSchema,
  y: coordinateSchema,
});

export const documentSchema = z.looseObject({
  format: z.literal('patchbay'),
  version: z.literal(documentVersion),
  title: titleSchema,
  about: sizedText(0, documentLimits.aboutCharacters),
  publication: publicationSchema.optional(),
  nodes: z
    .record(idSchema, nodeSchema)
    .refine((nodes) => Object.keys(nodes).length <= documentLimits.nodes, {
      message: `a graph may have at most ${documentLimits.nodes} nodes`,
    }),
  edges: sizedList(edgeSchema, 0, documentLimits.edges),
  layout: z.record(idSchema, positionSchema),
  notes: sizedList(noteSchema, 0, documentLimits.notes),
});

export type DeepReadonly<T> = T extends (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

export type GraphDocument = DeepReadonly<z.infer<typeof documentSchema>>;
export type Publication = NonNullable<GraphDocument['publication']>;
export type DocumentNode = GraphDocument['nodes'][string];
export type Edge = GraphDocument['edges'][number];
export type PortRef = Edge['from'];
