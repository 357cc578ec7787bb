/** Parameters of a node as data: the form, the check and the docs page are drawn from them. */
import { z } from 'zod';
import type { Json } from '../contract/document.ts';
import {
  clipSourceSchema,
  imageSourceSchema,
  weightsChoiceSchema,
  type ClipSource,
  type ImageSource,
  type WeightsChoice,
} from '../contract/sources.ts';

export interface ShownWhen {
  readonly param: string;
  readonly is: readonly Json[];
}

export type ParamGroup =
  'main' | 'weights' | 'sampling' | 'architecture' | 'attention' | 'positions' | 'words';

interface ParamText {
  readonly label: string;
  /** One sentence for a tooltip. */
  readonly help: string;
  /** Shown, and used, only while another parameter has one of these values, or several each one of theirs. */
  readonly shownWhen?: ShownWhen | readonly ShownWhen[];
  /** Where the form puts it; parameters of a published architecture fold away. */
  readonly group?: ParamGroup;
}

export interface ChoiceOption {
  readonly value: string;
  readonly label: string;
  readonly about?: string;
}

export type Param = ParamText &
  (
    | {
        readonly kind: 'integer';
        readonly default: number;
        readonly min: number;
        readonly max: number;
        readonly unit?: string;
      }
    | {
        readonly kind: 'number';
        readonly default: number;
        readonly min: number;
        readonly max: number;
        readonly unit?: string;
      }
    /** A whole number, or null where it follows from a wire or another parameter, or where there is none. */
    | {
        readonly kind: 'optional-integer';
        readonly default: null;
        readonly min: number;
        readonly max: number;
        readonly unit?: string;
        /** What null means, e.g. "from the wire". */
        readonly whenEmpty: string;
      }
    | { readonly kind: 'flag'; readonly default: boolean }
    | {
        readonly kind: 'choice';
        readonly default: string;
        readonly options: readonly ChoiceOption[];
        /** The other parameters that a choice stands for, by name: those that a custom one would be given. */
        standsFor?(value: string): Readonly<Record<string, Json>>;
      }
    | {
        readonly kind: 'text';
        readonly default: string;
        readonly maxCharacters: number;
        readonly lines: number;
      }
    | { readonly kind: 'image'; readonly default: ImageSource }
    | { readonly kind: 'clip'; readonly default: ClipSource }
    | {
        readonly kind: 'weights';
        readonly default: WeightsChoice;
        /** Of a folder without weights, such as a tokenizer's: what it holds, and what takes its place. */
        readonly standIn?: {
          readonly label: string;
          readonly about: string;
          readonly folderHelp: string;
        };
      }
  );

export type Params = Readonly<Record<string, Param>>;

export type ParamValue<P extends Param> = P extends {
  kind: 'choice';
  options: readonly { value: infer V }[];
}
  ? V
  : P extends { kind: 'integer' | 'number' }
    ? number
    : P extends { kind: 'optional-integer' }
      ? number | null
      : P extends { kind: 'flag' }
        ? boolean
        : P extends { kind: 'text' }
          ? string
          : P extends { kind: 'image' }
            ? ImageSource
            : P extends { kind: 'clip' }
              ? ClipSource
              : P extends { kind: 'weights' }
                ? WeightsChoice
                : never;

export type ParamValues<P extends Params> = { readonly [Name in keyof P]: ParamValue<P[Name]> };

const schemas = new WeakMap<Param, z.ZodType<Json>>();

/** The zod schema of one parameter; its messages complete the sentence "<label> …". */
export function paramSchema(param: Param): z.ZodType<Json> {
  let schema = schemas.get(param);
  if (!schema) {
    schema = newSchema(param);
    schemas.set(param, schema);
  }
  return schema;
}

function newSchema(param: Param): z.ZodType<Json> {
  switch (param.kind) {
    case 'integer':
    case 'optional-integer': {
      const message = `must be a whole number from ${param.min} to ${param.max}`;
      const whole = z.int(message).min(param.min, message).max(param.max, message);
      return param.kind === 'integer' ? whole : whole.nullable();
    }
    case 'number': {
      const message = `must be a number from ${param.min} to ${param.max}`;
      return z.number(message).min(param.min, message).max(param.max, message);
    }
    case 'flag':
      return z.boolean('must be on or off');
    case 'choice': {
      const values = param.options.map(({ value }) => value);
      return z.enum(values, `must be one of ${values.join(', ')}`);
    }
    case 'text':
      return z
        .string('must be text')
        .max(param.maxCharacters, `may have at most ${param.maxCharacters} characters`);
    case 'image':
      return asWhole(
        imageSourceSchema,
        'must be a file by its path, a sample by its name, a scene by its seed, or none',
      );
    case 'clip':
      return asWhole(clipSourceSchema, 'must be a clip by its path, or none');
    case 'weights':
      return asWhole(
        weightsChoiceSchema,
        'must be random by a seed, or a checkpoint by its folder',
      );
  }
}

/** One message for whatever is wrong inside. */
function asWhole(schema: z.ZodType<Json>, message: string): z.ZodType<Json> {
  return z.custom<Json>((value) => schema.safeParse(value).success, message);
}

/** Is a parameter shown, and used, given the values of the others? */
export function isShown(param: Param, values: Readonly<Record<string, Json>>): boolean {
  const conditions = [param.shownWhen ?? []].flat();
  return conditions.every((condition) => condition.is.includes(values[condition.param] ?? null));
}
