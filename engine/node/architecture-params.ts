/** Parameters of a custom architecture: shown, and used, where no published model is chosen. */
import type { Json } from '../contract/document.ts';
import type { ChoiceOption, ParamGroup, Params, ShownWhen } from './param.ts';

/** A node's `model` parameter names its published models, and `custom`. */
export const whenCustom = { param: 'model', is: ['custom'] } as const;

const shared = { shownWhen: whenCustom, group: 'architecture' } as const;

/** A whole number from 1. */
export function size(label: string, help: string, standard: number, max: number, unit?: string) {
  const param = {
    kind: 'integer',
    label,
    help,
    default: standard,
    min: 1,
    max,
    ...shared,
  } as const;
  return unit === undefined ? param : { ...param, unit };
}

/** A whole number from 1, or nothing, which means what `whenEmpty` says. */
export function optionalSize(label: string, help: string, whenEmpty: string, max: number) {
  return {
    kind: 'optional-integer',
    label,
    help,
    default: null,
    min: 1,
    max,
    whenEmpty,
    ...shared,
  } as const;
}

export function flag(label: string, help: string, standard: boolean) {
  return { kind: 'flag', label, help, default: standard, ...shared } as const;
}

export function decimal(label: string, help: string, standard: number, min: number, max: number) {
  return { kind: 'number', label, help, default: standard, min, max, ...shared } as const;
}

export function choice<const Value extends string>(
  label: string,
  help: string,
  standard: Value,
  options: readonly (ChoiceOption & { readonly value: Value })[],
) {
  return { kind: 'choice', label, help, default: standard, options, ...shared } as const;
}

/** One option of a choice, called by its value where no label is given. */
export const option = <const Value extends string>(value: Value, label: string = value) => ({
  value,
  label,
});

/** The `model` parameter: published models by their labels, then a custom one. */
/** The figures of a row of published sizes. */
export function withoutLabel<Row extends { readonly label: string }>(row: Row): Omit<Row, 'label'> {
  const { label: _, ...figures } = row;
  return figures;
}

export function modelParam<Name extends string, Row extends { readonly label: string }>(
  published: Readonly<Record<Name, Row>>,
  standard: NoInfer<Name>,
  figuresOf: (row: Row) => object = withoutLabel,
) {
  return {
    kind: 'choice',
    label: 'Model',
    help: 'A published model, or a custom size.',
    default: standard,
    options: [
      ...(Object.keys(published) as Name[]).map((value) => ({
        value,
        label: published[value].label,
      })),
      { value: 'custom', label: 'Custom' } as const,
    ],
    standsFor: (value: string): Readonly<Record<string, Json>> =>
      Object.hasOwn(published, value)
        ? (figuresOf(published[value as Name]) as Readonly<Record<string, Json>>)
        : {},
  } as const;
}

/** The same parameters in another group of the form, and shown only while `condition` holds too. */
export function placed<Declared extends Params>(
  declared: Declared,
  { group, condition }: { readonly group: ParamGroup; readonly condition?: ShownWhen },
): Declared {
  const entries = Object.entries(declared).map(([name, param]) => [
    name,
    { ...param, group, shownWhen: [param.shownWhen ?? [], condition ?? []].flat() },
  ]);
  return Object.fromEntries(entries) as Declared;
}
