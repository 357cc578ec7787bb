/** From what a person types into a field to the value of a parameter, or the reason why it is none. Pure. */
import type { Json } from '#engine/contract/document.ts';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { paramSchema, type Param } from '#engine/node/param.ts';

export type ParamOf<Kind extends Param['kind']> = Extract<Param, { kind: Kind }>;
export type NumberParam = ParamOf<'integer' | 'number' | 'optional-integer'>;

/** Digits may be grouped by any space or by underscores; a minus may be the typographic one. */
const grouping = /[\s_\u2009\u00a0\u202f]/g;
const numeral = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** `param-invalid` with a sentence where the text is no number of this parameter. */
export function parseNumber(param: NumberParam, text: string): Outcome<number | null> {
  const plain = text.replace(grouping, '').replace('\u2212', '-');
  if (plain === '' && param.kind === 'optional-integer') return ok(null);
  const value = numeral.test(plain) ? Number(plain) : Number.NaN;
  const issue = paramSchema(param).safeParse(value).error?.issues[0];
  if (!issue) return ok(value);
  return fail(error('param-invalid', `${param.label} ${issue.message}.`));
}

/** A value that breaks its declaration is written as it stands in the file. */
export function writeNumber(value: Json | undefined): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'number' ? String(value) : JSON.stringify(value);
}

/** As `parseNumber`, for a number that is never left out. */
export function parseWhole(param: ParamOf<'integer'>, text: string): Outcome<number> {
  const outcome = parseNumber(param, text);
  return outcome.ok ? ok(outcome.value ?? param.default) : outcome;
}

export interface SliderScale {
  readonly min: number;
  readonly max: number;
  readonly step: number;
}

/** More whole numbers are not told apart on a slider as wide as the inspector. */
const mostSteps = 128;
/** Wider ranges of decimals span magnitudes, which a straight slider cannot show. */
const widestRatio = 1000;

/** The scale of a parameter whose range is small and bounded; null for others. */
export function sliderScale(param: NumberParam): SliderScale | null {
  const { min, max } = param;
  const span = max - min;
  switch (param.kind) {
    case 'optional-integer':
      return null;
    case 'integer':
      return span <= mostSteps ? { min, max, step: 1 } : null;
    case 'number': {
      if (span > 10 || (min > 0 && max / min > widestRatio)) return null;
      const step = 10 ** Math.round(Math.log10(span / 100));
      return { min: Math.floor(min / step) * step, max, step };
    }
  }
}

/** Where a slider stands, as a value within the range and without the noise of binary fractions. */
export function fromSlider({ min, max }: NumberParam, { step }: SliderScale, at: number): number {
  const digits = Math.max(0, -Math.floor(Math.log10(step)));
  return clamp(Number(at.toFixed(digits)), min, max);
}

/** The next value by an arrow key: a step up or down, ten with Shift. */
export function stepped(param: NumberParam, value: number, steps: number): number {
  if (param.kind !== 'number') return clamp(value + steps, param.min, param.max);
  const magnitude = value === 0 ? -2 : Math.floor(Math.log10(Math.abs(value))) - 1;
  const step = sliderScale(param)?.step ?? 10 ** magnitude;
  return clamp(Number((value + steps * step).toPrecision(12)), param.min, param.max);
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max);
}

/** Of weights and of scenes. */
export const seedParam: ParamOf<'integer'> = {
  kind: 'integer',
  label: 'Seed',
  help: 'The same seed gives the same numbers, on every machine.',
  default: 0,
  min: 0,
  max: 0xffff_ffff,
};
