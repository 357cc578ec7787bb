/** What two graphs are made of, side by side: parts by family, and settings of parts that both have. Pure. */
import type { Json } from '#engine/contract/document.ts';
import type { CheckedGraph, CheckedNode } from '#engine/graph/check.ts';
import { nodeTitle } from '#engine/graph/node-title.ts';
import { families, type Family } from '#engine/node/node-definition.ts';
import { isShown, type Param, type Params } from '#engine/node/param.ts';
import { publishedModel } from '#engine/node/published-models.ts';

/** One line: what it is about, and what each graph has of it; null where it has none. */
export interface ComparedRow {
  readonly what: string;
  readonly left: string | null;
  readonly right: string | null;
}

interface Part {
  readonly type: string;
  readonly family: Family;
  readonly title: string;
  readonly checked: CheckedNode;
}

/** What every graph has tells nothing. */
const everywhere: ReadonlySet<Family> = new Set(['input', 'output']);

/** Parts of each family, the published model that each is set to beside it. */
export function comparedParts(left: CheckedGraph, right: CheckedGraph): readonly ComparedRow[] {
  const [ours, theirs] = [partsOf(left), partsOf(right)];
  return (Object.keys(families) as Family[]).flatMap((family) => {
    const row = {
      what: families[family].title,
      left: namesOf(ours, family),
      right: namesOf(theirs, family),
    };
    return row.left === null && row.right === null ? [] : [row];
  });
}

/** Settings that differ between parts of one type, of which the first is held against the first and so on. */
export function comparedSettings(left: CheckedGraph, right: CheckedGraph): readonly ComparedRow[] {
  const theirs = partsOf(right);
  const met = new Map<string, number>();
  return partsOf(left).flatMap((part) => {
    const place = met.get(part.type) ?? 0;
    met.set(part.type, place + 1);
    const other = theirs.filter(({ type }) => type === part.type)[place];
    return other ? settingsApart(part, other) : [];
  });
}

function partsOf({ nodes }: CheckedGraph): readonly Part[] {
  return Object.values(nodes).flatMap((checked) => {
    const { definition } = checked;
    if (!definition || everywhere.has(definition.family)) return [];
    const { type, family } = definition;
    return [{ type, family, title: nodeTitle(checked), checked }];
  });
}

function namesOf(parts: readonly Part[], family: Family): string | null {
  const names = parts
    .filter((part) => part.family === family)
    .map(({ title, checked: { definition, params } }) => {
      const model = definition && publishedModel(definition, params);
      return model === null ? title : `${title}: ${model}`;
    });
  return names.length === 0 ? null : names.join('\n');
}

/** Where weights come from is no matter of the composition. */
const untold: ReadonlySet<Param['kind']> = new Set(['weights']);

function settingsApart(ours: Part, theirs: Part): readonly ComparedRow[] {
  const params: Params = ours.checked.definition?.params ?? {};
  return Object.entries(params).flatMap(([name, param]) => {
    if (untold.has(param.kind)) return [];
    const value = (part: Part): string | null =>
      isShown(param, part.checked.params) ? valueText(param, part.checked.params[name]) : null;
    const row = { what: `${ours.title}: ${param.label}`, left: value(ours), right: value(theirs) };
    return row.left === row.right ? [] : [row];
  });
}

function valueText(param: Param, value: Json | undefined): string {
  const chosen =
    param.kind === 'choice' ? param.options.find((option) => option.value === value) : undefined;
  if (chosen) return chosen.label;
  if (value === null || value === undefined) return 'as wired';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
