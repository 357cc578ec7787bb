/** What is wrong with the vocabulary of a tokenizer.json, before a library relies on it. */
import type { JsonObject } from './read-json-object.ts';

/** After "tokenizer.json is not a tokenizer that Patchbay reads"; null where all is well. */
export function vocabularyFault(
  { type, vocab, unk_token: unknown, unk_id: unknownId, byte_fallback: spellsBytes }: JsonObject,
  addedTokens: ReadonlySet<string>,
): string | null {
  if (type === 'Unigram') return piecesFault(vocab, unknownId, spellsBytes === true);
  if (typeof vocab !== 'object' || vocab === null || Array.isArray(vocab))
    return 'it has no vocabulary';
  const ids: Readonly<Record<string, unknown>> = { ...vocab };
  const strange = Object.keys(ids).find((token) => !isPlace(ids[token]));
  if (strange !== undefined) return 'a token of its vocabulary has no whole number as id';
  // BPE passes over what it does not know where no token stands for it; WordPiece needs one, as in the reference.
  if (type === 'BPE' && (unknown === null || unknown === undefined)) return null;
  const isKnown =
    typeof unknown === 'string' && (Object.hasOwn(ids, unknown) || addedTokens.has(unknown));
  return isKnown ? null : 'its token for the unknown has no id';
}

/** Of a Unigram model, whose ids are places. */
function piecesFault(vocab: unknown, unknownId: unknown, spellsBytes: boolean): string | null {
  if (!Array.isArray(vocab) || vocab.length === 0) return 'it has no vocabulary';
  const isWhole = vocab.every(
    (piece: unknown) =>
      Array.isArray(piece) && typeof piece[0] === 'string' && Number.isFinite(piece[1]),
  );
  if (!isWhole) return 'a piece of its vocabulary is no text with a score';
  // As in the reference, one that spells unknown pieces in bytes needs no piece for them.
  const isKnown =
    unknownId === null || unknownId === undefined
      ? spellsBytes
      : isPlace(unknownId) && Number(unknownId) < vocab.length;
  return isKnown ? null : 'its piece for the unknown is not in its vocabulary';
}

const isPlace = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;
