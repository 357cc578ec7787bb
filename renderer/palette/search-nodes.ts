/** Finds nodes by what people call them: title, type, published models, papers, presets that have them, explanation. Pure. */
import type { AnyNodeDefinition, Catalogue } from '#engine/node/any-node-definition.ts';
import { families, type Family } from '#engine/node/node-definition.ts';
import { byFamily } from '#engine/node/by-family.ts';
import { publishedModels } from '#engine/node/published-models.ts';
import type { PresetSummary } from '#engine/contract/preset-summary.ts';
import { plainWords } from '#renderer/parts/plain-words.ts';

export interface FoundNode {
  readonly definition: AnyNodeDefinition;
  /** The published model or the preset by which it was found; null where its own words matched. */
  readonly by: string | null;
}

/** A preset as far as it says which nodes a model is made of. */
type Composition = Pick<PresetSummary, 'title' | 'nodeTypes'>;

export interface NodeGroup {
  readonly family: Family;
  readonly nodes: readonly FoundNode[];
}

/** Every node by family, in the order of the palette. */
export function nodeGroups(catalogue: Catalogue): readonly NodeGroup[] {
  return byFamily(Object.values(catalogue)).map(({ family, definitions }) => ({
    family,
    nodes: definitions.map((definition) => ({ definition, by: null })),
  }));
}

/** The best match first; every word of the search must be found somewhere. */
export function searchNodes(
  catalogue: Catalogue,
  search: string,
  presets: readonly Composition[] = [],
): readonly FoundNode[] {
  const words = plainWords(search).split(' ').filter(Boolean);
  const ordered = nodeGroups(catalogue).flatMap(({ nodes }) => nodes);
  return ordered
    .flatMap(({ definition }) => {
      const compositions = presets
        .filter(({ nodeTypes }) => nodeTypes.includes(definition.type))
        .map(({ title }) => title);
      const scores = words.map((word) => scoreWord(definition, word, compositions));
      if (scores.some((score) => score === null)) return [];
      const score = scores.reduce((sum: number, each) => sum + (each ?? 0), 0);
      if (scores.includes(modelScore)) {
        // Who looks for a model wants the model, and then what of it plugs into another, or a table of it.
        const behind = definition.body.kind === 'part' || definition.family === 'text' ? 1 : 0;
        const by = bestName(publishedModels(definition), words);
        return [{ score: score + behind, found: { definition, by } }];
      }
      const by = scores.includes(presetScore) ? bestName(compositions, words) : null;
      return [{ score, found: { definition, by } }];
    })
    .toSorted((a, b) => a.score - b.score)
    .map(({ found }) => found);
}

/** Found only in the name of a published model. */
const modelScore = 6;
/** Found only in the title of a preset that has the node. */
const presetScore = 9;

/** The lower the better; null where the word is nowhere. */
function scoreWord(
  definition: AnyNodeDefinition,
  word: string,
  compositions: readonly string[],
): number | null {
  const title = plainWords(definition.title);
  if (title.startsWith(word)) return 0;
  if (` ${title}`.includes(` ${word}`)) return 1;
  if (title.includes(word)) return 2;
  const family = plainWords(families[definition.family].title);
  if (plainWords(definition.type).includes(word) || ` ${family}`.includes(` ${word}`)) return 4;
  if (publishedModels(definition).some((name) => plainWords(name).includes(word)))
    return modelScore;
  if (definition.references.some(({ title: paper, url }) => beginsAWord(word, `${paper} ${url}`)))
    return 8;
  if (compositions.some((preset) => beginsAWord(word, preset))) return presetScore;
  return beginsAWord(word, definition.about) ? 10 : null;
}

/** In running text, "early" is not to be found in "nearly". */
const beginsAWord = (word: string, text: string): boolean =>
  ` ${plainWords(text)}`.includes(` ${word}`);

/** The name in which most of the words are. */
function bestName(names: readonly string[], words: readonly string[]): string | null {
  const wordsIn = (name: string): number =>
    words.filter((word) => plainWords(name).includes(word)).length;
  return names.toSorted((a, b) => wordsIn(b) - wordsIn(a))[0] ?? null;
}
