/** What every command of `patchbay` is made of. */
import { parseArgs, type ParseArgsConfig } from 'node:util';
import type { createCaller, Services } from '#engine/contract/router.ts';
import type { ChosenPlaces } from '../../files/chosen-places.ts';
import type { Closeable } from '../../system/ending.ts';
import { UsageError, type ExitStatus } from './exit-status.ts';

export type Caller = ReturnType<typeof createCaller>;

/** What the caller calls, for a command that hands it on. */
export interface Surroundings extends Services {
  /** What a command line names is chosen by it. */
  readonly chosen: ChosenPlaces;
  /** Closes a thing after its use, and on an interrupt. */
  readonly whileOpen: <Thing extends Closeable, Result>(
    thing: Thing,
    use: (thing: Thing) => Promise<Result>,
  ) => Promise<Result>;
}

export interface Command {
  readonly name: string;
  readonly synopsis: string;
  readonly about: string;
  run(args: readonly string[], caller: Caller, surroundings: Surroundings): Promise<ExitStatus>;
}

type Options = NonNullable<ParseArgsConfig['options']>;

interface Parsed<Config extends Options> extends ReturnType<
  typeof parseArgs<{ args: string[]; options: Config; allowPositionals: true; strict: true }>
> {
  /** Which option each operand follows directly, if any. */
  readonly operands: readonly { readonly value: string; readonly follows: string | null }[];
}

/** Options and operands of a command; anything unknown is a usage error. */
export function parseOptions<const Config extends Options>(
  command: Pick<Command, 'synopsis'>,
  args: readonly string[],
  options: Config,
  count: { readonly least: number; readonly most: number },
): Parsed<Config> {
  const shared = { args: [...args], options, allowPositionals: true as const };
  // The strict mode of the parser answers in paragraphs, so what it would refuse is looked for first.
  const { tokens } = parseArgs({ ...shared, strict: false, tokens: true });
  const mistake = optionMistake(tokens, options) ?? countMistake(tokens, count);
  if (mistake !== null) throw new UsageError(`${mistake} Usage: patchbay ${command.synopsis}`);
  const operands = tokens.flatMap((token, index) => {
    if (token.kind !== 'positional') return [];
    const before = tokens[index - 1];
    const follows = before?.kind === 'option' && before.value === undefined ? before.name : null;
    return [{ value: token.value, follows }];
  });
  return { ...parseArgs({ ...shared, strict: true }), operands };
}

type LooseParse = typeof parseArgs<{ options: Options; allowPositionals: true; tokens: true }>;
type Token = ReturnType<LooseParse>['tokens'][number];

function optionMistake(tokens: readonly Token[], options: Options): string | null {
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const { name, rawName, value, inlineValue } = token;
    const option = Object.hasOwn(options, name) ? options[name] : undefined;
    if (!option) return `There is no option ${rawName}.`;
    if (option.type === 'boolean') {
      if (value !== undefined) return `${rawName} takes no value after "=".`;
    } else if (value === undefined) {
      return `${rawName} needs a value.`;
    } else if (!inlineValue && value.startsWith('-') && value !== '-') {
      return `${rawName} is followed by "${value}"; where that is its value, write ${rawName}=${value}.`;
    }
  }
  return null;
}

function countMistake(
  tokens: readonly Token[],
  { least, most }: { readonly least: number; readonly most: number },
): string | null {
  const operands = tokens.filter((token) => token.kind === 'positional');
  if (operands.length < least) return 'An operand is missing.';
  const extra = operands[most];
  return extra ? `"${extra.value}" is one operand too many.` : null;
}

/** A whole number given as an option; undefined where it is not given. */
export function wholeNumber(
  name: string,
  value: string | undefined,
  least: number,
  most: number,
): number | undefined {
  if (value === undefined) return undefined;
  const number = /^\d{1,15}$/.test(value) ? Number(value) : -1;
  if (number >= least && number <= most) return number;
  throw new UsageError(`--${name} takes a whole number from ${least} to ${most}, not "${value}".`);
}
