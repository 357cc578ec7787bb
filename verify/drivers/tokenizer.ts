/** Cases of tokenizers: every string to ids and back, and the ids of all strings behind one another. */
import { ok } from '#engine/contract/outcome.ts';
import { openTokenizer } from '#host/text/open-tokenizer.ts';
import type { Tokenizer } from '#host/text/tokenizer.ts';
import type { Driver } from './case-check.ts';
import type { TokenizerRow } from '../cases/rows/case-row.ts';
import {
  allOf,
  compareTensors,
  compareTexts,
  compareWholes,
  type Comparison,
} from '../cases/comparison.ts';
import { stringName, type RecordedString } from '../cases/recorded-case.ts';

export const tokenizerDriver: Driver<TokenizerRow> = async (_row, recorded) => {
  const opened = await openTokenizer(recorded.folder);
  if (!opened.ok) return opened;
  const { strings, outputs, atol } = recorded;
  const encoded: EncodedString[] = [];
  for (const string of strings) {
    const plain = opened.value.encode(string.text, { addSpecialTokens: false });
    if (!plain.ok) return plain;
    const whole = opened.value.encode(string.text, { addSpecialTokens: true });
    if (!whole.ok) return whole;
    encoded.push({ string, plain: plain.value, whole: whole.value });
  }
  const compared = encoded.map((each, index) =>
    allOf(stringName(index), compareString(opened.value, each)),
  );
  const lists: Readonly<Record<string, readonly (readonly number[])[]>> = {
    ids: encoded.map(({ plain }) => plain),
    ids_with_special_tokens: encoded.map(({ whole }) => whole),
  };
  const tensors = Object.entries(lists).flatMap(([name, each]) => [
    { name, data: each.flat() },
    { name: name.replace('ids', 'lengths'), data: each.map(({ length }) => length) },
  ]);
  return ok([
    ...compared,
    ...tensors.flatMap(({ name, data }) => {
      const expected = outputs.get(name);
      return expected ? [compareTensors(name, { shape: [data.length], data }, expected, atol)] : [];
    }),
  ]);
};

interface EncodedString {
  readonly string: RecordedString;
  readonly plain: readonly number[];
  /** With special tokens. */
  readonly whole: readonly number[];
}

function compareString(
  tokenizer: Tokenizer,
  { string, plain, whole }: EncodedString,
): readonly Comparison[] {
  const { ids } = string;
  return [
    compareWholes('ids', plain, ids),
    compareWholes('ids with special tokens', whole, string.ids_with_special_tokens),
    compareTexts(
      'decoded text',
      tokenizer.decode(ids, { skipSpecialTokens: false }),
      string.decoded,
    ),
    compareTexts(
      'decoded text without special tokens',
      tokenizer.decode(ids, { skipSpecialTokens: true }),
      string.decoded_skip_special_tokens,
    ),
  ];
}
