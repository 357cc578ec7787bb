/** Parses JSON that may be hostile, within limits that are counted before anything is built. */
import { isUtf8 } from 'node:buffer';

/** What the parser may build, counted before it does. */
export interface JsonLimits {
  readonly depth: number;
  /** Commas and opening brackets outside strings: the values of lists and objects. */
  readonly values: number;
  /** Colons outside strings: the fields of objects, which cost the parser ten times a value. */
  readonly fields: number;
}

/**
 * Parses an object, or says what the text is instead ("is not JSON"). Its brackets and commas are
 * counted first: a hundred megabytes of "[[[" would keep the parser busy for half a minute and
 * fill gigabytes.
 */
export function parseJsonObject(
  bytes: Uint8Array,
  limits: JsonLimits,
  parse: (text: string) => unknown = JSON.parse,
): Readonly<Record<string, unknown>> | string {
  if (!isUtf8(bytes)) return 'is not UTF-8 text';
  const excess = findExcess(bytes, limits);
  if (excess !== undefined) return excess;
  try {
    const value = parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString());
    return isRecord(value) ? value : 'is not a JSON object';
  } catch {
    return 'is not JSON';
  }
}

/**
 * JSON as Python writes it: with bare words for numbers that JSON does not have. They are read as transformers 5 spells
 * them, `{ "__float__": "Infinity" }`, so that what is read stays JSON.
 */
export function parsePythonJson(text: string): unknown {
  // A string that does not end takes all that follows, else each quote in it would begin another.
  const stringsAndWords = /"(?:[^"\\]|\\.)*"?|-?Infinity|NaN/gs;
  return JSON.parse(
    text.replaceAll(stringsAndWords, (found) =>
      found.startsWith('"') ? found : `{"__float__":"${found}"}`,
    ),
  );
}

function findExcess(bytes: Uint8Array, limits: JsonLimits): string | undefined {
  const [quoteMark, comma, colon, backslash] = [0x22, 0x2c, 0x3a, 0x5c];
  // Brackets and braces differ in this bit only.
  const [openBrace, closeBrace, bracketBit] = [0x7b, 0x7d, 0x20];
  let depth = 0;
  let values = 0;
  let fields = 0;
  let isInString = false;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index] as number;
    if (byte === quoteMark) isInString = !isInString;
    else if (isInString) index += byte === backslash ? 1 : 0;
    else if (byte === comma) values++;
    else if (byte === colon) fields++;
    else if ((byte | bracketBit) === closeBrace) depth--;
    else if ((byte | bracketBit) === openBrace) {
      values++;
      if (++depth > limits.depth) return `nests values more than ${limits.depth} deep`;
    }
    if (values > limits.values) return `holds more than ${limits.values} values`;
    if (fields > limits.fields) return `holds more than ${limits.fields} fields`;
  }
  return undefined;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
