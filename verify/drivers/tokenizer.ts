/** Cases of tokenizers: every string to ids and back, and the ids of all strings behind one another. */
import { ok } from '#engine/contract/outcome.ts';
import { openTokenizer, type Tokenizer } from '#host/text/tokenizer.ts';
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
  const compared = strings.map((string, index) =>
    allOf(stringName(index), compareString(opened.value, string)),
  );
  const ids = (addSpecialTokens: boolean) =>
    strings.map(({ text }) => opened.value.encode(text, { addSpecialTokens }));
  const lists: Readonly<Record<string, readonly (readonly number[])[]>> = {
    ids: ids(false),
    ids_with_special_tokens: ids(true),
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

function compareString(tokenizer: Tokenizer, string: RecordedString): readonly Comparison[] {
  const { text, ids } = string;
  return [
    compareWholes('ids', tokenizer.encode(text, { addSpecialTokens: false }), ids),
    compareWholes(
      'ids with special tokens',
      tokenizer.encode(text, { addSpecialTokens: true }),
      string.ids_with_special_tokens,
    ),
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
