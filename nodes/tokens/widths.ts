/** Channels in and out of a projector: taken from the wires unless typed. */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error, type Problem } from '#engine/contract/problem.ts';
import type { Demand } from '#engine/node/node-definition.ts';
import type { WireOf } from '#engine/node/wire.ts';

export const widthParams = {
  inputWidth: {
    kind: 'optional-integer',
    label: 'Input width',
    help: 'Channels of the visual tokens that come in.',
    default: null,
    min: 1,
    max: 262_144,
    whenEmpty: 'from the wire',
  },
  outputWidth: {
    kind: 'optional-integer',
    label: 'Output width',
    help: 'Channels of the visual tokens that go out: the hidden size of the language model.',
    default: null,
    min: 1,
    max: 262_144,
    whenEmpty: 'from the language model',
  },
} as const;

export interface Widths {
  readonly input: number;
  readonly output: number;
}

/** Both widths, or why they are not known or do not fit. */
export function projectorWidths(
  id: string,
  values: { readonly inputWidth: number | null; readonly outputWidth: number | null },
  tokens: WireOf<'tokens'>,
  demand: Demand | undefined,
): Outcome<Widths> {
  const { inputWidth, outputWidth } = values;
  const input = checkInputWidth(id, inputWidth, tokens);
  if (!input.ok) return input;
  const wanted = demand?.channels;
  if (outputWidth !== null && wanted !== undefined && outputWidth !== wanted) {
    const message = `The projector gives ${outputWidth} channels, what follows it reads ${wanted}; set the output width to ${wanted}.`;
    const mend = setTo(id, 'outputWidth', 'output width', wanted);
    return fail(error('dimension-mismatch', message, { param: 'outputWidth', mend }));
  }
  const output = outputWidth ?? wanted;
  if (output === undefined) {
    const message =
      'The output width is not known; wire the projector to a language model, or type the width.';
    return fail(error('param-invalid', message, { param: 'outputWidth' }));
  }
  return ok({ input: tokens.channels, output });
}

/** A typed input width has to be that of the wire. */
export function checkInputWidth(
  id: string,
  inputWidth: number | null,
  { channels }: WireOf<'tokens'>,
): Outcome<null> {
  if (inputWidth === null || inputWidth === channels) return ok(null);
  const message = `The projector expects ${inputWidth} channels, its input gives ${channels}; set the input width to ${channels}.`;
  const mend = setTo(id, 'inputWidth', 'input width', channels);
  return fail(error('dimension-mismatch', message, { port: 'tokens', param: 'inputWidth', mend }));
}

/** Why channels cannot be cut into heads; null where they can. */
export function headProblem(channels: number, headCount: number): Problem | null {
  if (channels % headCount === 0) return null;
  const message = `${channels} channels do not divide into ${headCount} heads; choose a number of heads that divides them.`;
  return error('arrangement-unsupported', message, { param: 'headCount' });
}

/** A resampler that keeps the width of what it looks at was trained for one; `what` begins the sentence. */
export function checkOwnWidth(
  what: string,
  width: number,
  { channels }: WireOf<'tokens'>,
): Outcome<null> {
  if (channels === width) return ok(null);
  const message = `${what} works on ${width} channels, its input gives ${channels}; choose an encoder with ${width}, or a custom size.`;
  return fail(error('dimension-mismatch', message, { port: 'tokens' }));
}

function setTo(id: string, param: string, label: string, value: number) {
  const edit = { type: 'set-param' as const, id, param, value };
  return { title: `Set the ${label} to ${value}`, edits: [edit] };
}

/** "1024 → 4096 channels" */
export function describeWidths({
  inputWidth,
  outputWidth,
}: {
  readonly inputWidth: number | null;
  readonly outputWidth: number | null;
}): string {
  return `${inputWidth ?? 'any'} → ${outputWidth ?? 'any'} channels`;
}
