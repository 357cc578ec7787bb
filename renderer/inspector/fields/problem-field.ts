/** At which field of its node a problem is shown. Pure. */
import type { Json } from '#engine/contract/document.ts';
import type { Problem, ProblemCode } from '#engine/contract/problem.ts';
import { isShown, type Param, type Params } from '#engine/node/param.ts';

/** What the host finds in files names the node; the field is the one that named the file. */
const kindOfCode: Readonly<Partial<Record<ProblemCode, Param['kind']>>> = {
  'image-missing': 'image',
  'image-unreadable': 'image',
  'clip-missing': 'clip',
  'clip-unreadable': 'clip',
  'prompt-missing': 'text',
  'checkpoint-unreadable': 'weights',
  'checkpoint-broken': 'weights',
  'tensor-missing': 'weights',
  'tensor-extra': 'weights',
  'tensor-shape': 'weights',
  'tensor-type': 'weights',
  'tokenizer-unreadable': 'weights',
};

/** Null where no field that is shown is meant; the problem is then the node's. */
export function problemField(
  { param, code }: Problem,
  declared: Params,
  values: Readonly<Record<string, Json>>,
): string | null {
  const kind = kindOfCode[code];
  const name = param ?? Object.keys(declared).find((each) => declared[each]?.kind === kind) ?? '';
  const field = Object.hasOwn(declared, name) ? declared[name] : undefined;
  return field && isShown(field, values) ? name : null;
}
