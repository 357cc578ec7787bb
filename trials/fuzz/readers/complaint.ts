/** What is asked of every answer of a reader, whatever it was given. */
import { z } from 'zod';
import { problemSchema } from '#engine/contract/problem.ts';

/** A sentence, and not a page: a hostile name or text in it is cut. */
const longestSentence = 2_000;

const outcomeSchema = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true) }),
  z.object({ ok: z.literal(false), problems: z.array(problemSchema).min(1) }),
]);

/** Why an answer is no outcome with a code and a sentence; null where it is one. */
export function complaintOf(answer: unknown): string | null {
  const read = outcomeSchema.safeParse(answer);
  if (!read.success) return `gives no outcome: ${read.error.issues[0]?.message}`;
  if (read.data.ok) return null;
  for (const { code, message } of read.data.problems) {
    const fault = sentenceFault(message);
    if (fault !== null) return `says ${fault} [${code}]: ${JSON.stringify(message.slice(0, 300))}`;
  }
  return null;
}

function sentenceFault(message: string): string | null {
  if (message.length > longestSentence) return 'more than a sentence';
  if (!/^\S.*[.!?]$/s.test(message)) return 'no whole sentence';
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  return /[\0-\x08\x0B-\x1F\x7F-\x9F\u202A-\u202E\u2066-\u2069]/.test(message)
    ? 'what steers a terminal or turns text around'
    : null;
}
