/** What a command line says of a run, besides the graph and what comes of it. */
import { resolve } from 'node:path';
import {
  priorities,
  runLimits,
  type Priority,
  type RunRequest,
} from '#engine/contract/run-request.ts';
import { clipSourceSchema, imageSourceSchema } from '#engine/contract/sources.ts';
import { UsageError } from './exit-status.ts';
import { wholeNumber } from './command.ts';

export type Given = Partial<RunRequest>;

export const givenOptions = {
  image: { type: 'string', multiple: true },
  video: { type: 'string' },
  'max-new-tokens': { type: 'string' },
  runs: { type: 'string' },
  threads: { type: 'string' },
  priority: { type: 'string' },
  'memory-mb': { type: 'string' },
  seed: { type: 'string' },
  allow: { type: 'string', multiple: true },
  scale: { type: 'string' },
} as const;

interface GivenValues {
  readonly image?: string[] | undefined;
  readonly video?: string | undefined;
  readonly 'max-new-tokens'?: string | undefined;
  readonly runs?: string | undefined;
  readonly threads?: string | undefined;
  readonly priority?: string | undefined;
  readonly 'memory-mb'?: string | undefined;
  readonly seed?: string | undefined;
}

/** Throws `UsageError` for what no run takes. */
export function givenRun(values: GivenValues): Given {
  return {
    images: pictures(values.image),
    video: clip(values.video),
    maxNewTokens: wholeNumber('max-new-tokens', values['max-new-tokens'], 1, runLimits.newTokens),
    runs: wholeNumber('runs', values.runs, 1, runLimits.runs),
    threads: wholeNumber('threads', values.threads, 1, runLimits.threads),
    priority: priorityOf(values.priority),
    memoryBytes: megabytes(values['memory-mb']),
    seed: wholeNumber('seed', values.seed, 0, 0xffff_ffff),
  };
}

/** Files and folders that it names. */
export const namedPaths = ({ images = [], video }: Given): readonly string[] =>
  [...images, video].flatMap((source) => (source && 'path' in source ? [source.path] : []));

function megabytes(asked: string | undefined): number | undefined {
  const found = wholeNumber('memory-mb', asked, 1, runLimits.memoryBytes / 1e6);
  return found === undefined ? undefined : found * 1e6;
}

function priorityOf(asked: string | undefined): Priority | undefined {
  const found = priorities.find((priority) => priority === asked);
  if (asked !== undefined && found === undefined)
    throw new UsageError(`--priority is one of ${priorities.join(', ')}, not "${asked}".`);
  return found;
}

function pictures(names: readonly string[] | undefined): Given['images'] {
  if (names !== undefined && names.length > runLimits.pictures)
    throw new UsageError(`--image is given ${names.length} times, at most ${runLimits.pictures}.`);
  return names?.map((name) => ({ kind: 'file', path: picturePath(name) }));
}

function picturePath(given: string): string {
  if (given === '') throw new UsageError('--image needs the name of a picture file.');
  const path = resolve(given);
  if (imageSourceSchema.safeParse({ kind: 'file', path }).success) return path;
  throw new UsageError(`--image has a path of ${path.length} characters, which no system opens.`);
}

function clip(given: string | undefined): Given['video'] {
  if (given === undefined) return undefined;
  if (given === '') throw new UsageError('--video needs the name of a clip.');
  const source = { kind: 'clip', path: resolve(given) } as const;
  if (clipSourceSchema.safeParse(source).success) return source;
  const { length } = source.path;
  throw new UsageError(`--video has a path of ${length} characters, which no system opens.`);
}
