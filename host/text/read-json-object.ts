/** Reads one small JSON file of a checkpoint folder, with a cap on its size. */
import { readFile, stat } from 'node:fs/promises';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error, type ProblemCode } from '#engine/contract/problem.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** What to say where the file cannot be used, and how large it may be. */
export interface ReadLimits {
  readonly code: ProblemCode;
  readonly maxBytes: number;
}

/** The file's object, or null where there is no such file. */
export async function readJsonObject(
  path: string,
  limits: ReadLimits,
): Promise<Outcome<JsonObject | null>> {
  const text = await readCappedText(path, limits);
  if (!text.ok) return text;
  if (text.value === null) return ok(null);
  let value: unknown;
  try {
    value = JSON.parse(text.value);
  } catch (cause) {
    return fail(
      error(limits.code, `${path} is not valid JSON (${reasonOf(cause)}): copy the file again.`),
    );
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return fail(error(limits.code, `${path} does not hold a JSON object: copy the file again.`));
  }
  return ok(value as JsonObject);
}

/** The file's text, or null where there is no such file. */
export async function readCappedText(
  path: string,
  { code, maxBytes }: ReadLimits,
): Promise<Outcome<string | null>> {
  try {
    const { size } = await stat(path);
    if (size > maxBytes) {
      return fail(
        error(
          code,
          `${path} has ${size} bytes, more than the limit of ${maxBytes}: choose the folder of a language model.`,
        ),
      );
    }
    return ok(await readFile(path, 'utf8'));
  } catch (cause) {
    if (isMissing(cause)) return ok(null);
    return fail(error(code, `${path} cannot be read: ${reasonOf(cause)}.`));
  }
}

export function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function isMissing(cause: unknown): boolean {
  return (
    cause instanceof Error &&
    'code' in cause &&
    (cause.code === 'ENOENT' || cause.code === 'ENOTDIR')
  );
}
