/** Reads one small JSON file of a checkpoint folder, with caps on its size, its depth and what it holds. */
import { isUtf8 } from 'node:buffer';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error, type ProblemCode } from '#engine/contract/problem.ts';
import { noRegularFile, openRegularFile } from '../system/regular-file.ts';
import { parseJsonObject, type JsonLimits } from '../weights/bounded-json.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** What to say where the file cannot be used, and how large it may be. */
export interface ReadLimits {
  readonly code: ProblemCode;
  readonly maxBytes: number;
}

/** The file's object, or null where there is no such file. */
export async function readJsonObject(
  path: string,
  limits: ReadLimits & JsonLimits,
): Promise<Outcome<JsonObject | null>> {
  const bytes = await readCapped(path, limits);
  if (!bytes.ok) return bytes;
  if (bytes.value === null) return ok(null);
  const value = parseJsonObject(bytes.value, limits);
  if (typeof value !== 'string') return ok(value);
  return fail(error(limits.code, `${path} ${value}: copy the file again.`));
}

/** The file's text, or null where there is no such file. */
export async function readCappedText(
  path: string,
  limits: ReadLimits,
): Promise<Outcome<string | null>> {
  const bytes = await readCapped(path, limits);
  if (!bytes.ok) return bytes;
  if (bytes.value === null) return ok(null);
  if (isUtf8(bytes.value)) return ok(bytes.value.toString());
  return fail(error(limits.code, `${path} is not UTF-8 text: copy the file again.`));
}

async function readCapped(
  path: string,
  { code, maxBytes }: ReadLimits,
): Promise<Outcome<Buffer | null>> {
  try {
    const file = await openRegularFile(path);
    try {
      const { size } = await file.stat();
      if (size > maxBytes) {
        return fail(
          error(
            code,
            `${path} has ${size} bytes, more than the limit of ${maxBytes}: choose the folder of a language model.`,
          ),
        );
      }
      return ok(await file.readFile());
    } finally {
      await file.close();
    }
  } catch (cause) {
    const system = cause instanceof Error && 'code' in cause ? cause.code : null;
    if (system === 'ENOENT' || system === 'ENOTDIR') return ok(null);
    const why =
      system === noRegularFile ? 'is no regular file' : `cannot be read: ${reasonOf(cause)}`;
    return fail(error(code, `${path} ${why}: choose another checkpoint.`));
  }
}

export function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
