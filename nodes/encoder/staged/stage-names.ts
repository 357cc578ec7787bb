/** Encoders of stages as checkpoints name their tensors, by rules that turn the node's own names into theirs. */
import type { KeyLayout } from '#engine/onnx/weight.ts';

/** What is found, and what takes its place, or is made of the first group that is found; one after the other. */
export type RenamingRules = readonly (readonly [
  found: RegExp,
  replacement: string | ((found: string, group: string) => string),
])[];

export interface StagedNames {
  /** Titles, and where models keep the encoder; '' for the encoder alone. */
  readonly prefixes: readonly (readonly [title: string, prefix: string])[];
  readonly rules: RenamingRules;
  /** Everything that the encoder has. */
  readonly owned: RegExp;
  /** What it has outside its stages that the features taken may not need. */
  readonly unused: RegExp;
  /** The number, from 0, of the stage that a tensor is in; null for none. */
  readonly stageOf: (key: string) => number | null;
}

/** A stage's number as the first group of a pattern. */
export const stageIn =
  (pattern: RegExp) =>
  (key: string): number | null => {
    const stage = pattern.exec(key)?.[1];
    return stage === undefined ? null : Number(stage);
  };

export function renamedBy(rules: RenamingRules, name: string): string {
  return rules.reduce(
    (text, [found, replacement]) =>
      typeof replacement === 'string'
        ? text.replace(found, replacement)
        : text.replace(found, replacement),
    name,
  );
}

/** Layouts of an encoder of which only the first stages run; a checkpoint holds the others too. */
export function stagedLayouts(
  { prefixes, rules, owned, unused, stageOf }: StagedNames,
  extent: { readonly stageCount: number; readonly usedStages: number },
): readonly KeyLayout[] {
  const isUnused = (name: string): boolean => {
    // Batch norms count how often they were trained.
    if (name.endsWith('.num_batches_tracked')) return true;
    const stage = stageOf(name);
    if (stage === null) return unused.test(name);
    return stage >= extent.usedStages && stage < extent.stageCount;
  };
  return prefixes.map(([title, prefix]) => ({
    title,
    key: (name) => prefix + renamedBy(rules, name),
    owns: (key) => key.startsWith(prefix) && owned.test(key.slice(prefix.length)),
    ignores: (key) => isUnused(key.slice(prefix.length)),
  }));
}
