/** What every command of `patchbay` is made of. */
import { parseArgs, type ParseArgsConfig } from 'node:util';
import type { createCaller } from '#engine/contract/router.ts';
import { UsageError, type ExitStatus } from '../exit-status.ts';

export type Caller = ReturnType<typeof createCaller>;

export interface Command {
  readonly name: string;
  readonly synopsis: string;
  readonly about: string;
  run(args: readonly string[], caller: Caller): Promise<ExitStatus>;
}

type Options = NonNullable<ParseArgsConfig['options']>;

type Parsed<Config extends Options> = ReturnType<
  typeof parseArgs<{ args: string[]; options: Config; allowPositionals: true; strict: true }>
>;

/** Options and operands of a command; anything unknown is a usage error. */
export function parseOptions<const Config extends Options>(
  command: Pick<Command, 'synopsis'>,
  args: readonly string[],
  options: Config,
  operands: { readonly least: number; readonly most: number },
): Parsed<Config> {
  const usage = `Usage: patchbay ${command.synopsis}`;
  try {
    const parsed = parseArgs({
      args: [...args],
      options,
      allowPositionals: true as const,
      strict: true as const,
    });
    const count = parsed.positionals.length;
    if (count >= operands.least && count <= operands.most) return parsed;
  } catch (cause) {
    throw new UsageError(`${(cause as Error).message.split('. ')[0]}. ${usage}`);
  }
  throw new UsageError(usage);
}

/** A whole number given as an option; undefined where it is not given. */
export function wholeNumber(
  name: string,
  value: string | undefined,
  least: number,
  most: number,
): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  throw new UsageError(`--${name} takes a whole number from ${least} to ${most}, not "${value}".`);
}
