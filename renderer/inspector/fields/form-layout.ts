/** Which parameters a form shows, in which group, and how a choice is drawn. Pure. */
import type { DocumentNode, Json } from '#engine/contract/document.ts';
import type { AnyNodeDefinition } from '#engine/node/any-node-definition.ts';
import { isShown, type ChoiceOption, type Param, type Params } from '#engine/node/param.ts';

export type GroupName = NonNullable<Param['group']>;

/** In the order of the form; those that fold are closed at first. */
export const formGroups = {
  main: { title: null, folds: false },
  weights: { title: null, folds: false },
  sampling: { title: 'Sampling', folds: true },
  architecture: { title: 'Architecture', folds: true },
  attention: { title: 'Attention', folds: true },
  positions: { title: 'Positions', folds: true },
  words: { title: 'Words and logits', folds: true },
} as const satisfies Record<GroupName, { title: string | null; folds: boolean }>;

export interface FormGroup {
  readonly name: GroupName;
  /** Names of parameters, in the order of their declaration. */
  readonly params: readonly string[];
}

/** Every declared parameter as the document has it, valid or not; the default where it has none. */
export function rawParams(
  node: DocumentNode,
  definition: AnyNodeDefinition,
): Readonly<Record<string, Json>> {
  const declared: Params = definition.params;
  return Object.fromEntries(
    Object.entries(declared).map(([name, param]): [string, Json] => [
      name,
      Object.hasOwn(node.params, name) ? (node.params[name] as Json) : param.default,
    ]),
  );
}

export function formLayout(
  declared: Params,
  values: Readonly<Record<string, Json>>,
): readonly FormGroup[] {
  const shown = Object.entries(declared).filter(([, param]) => isShown(param, values));
  return (Object.keys(formGroups) as GroupName[]).flatMap((name) => {
    const params = shown.filter(([, { group = 'main' }]) => group === name).map(([key]) => key);
    return params.length > 0 ? [{ name, params }] : [];
  });
}

/** The narrowest inspector leaves this to a control, in pixels. */
const narrowestPx = 228;
const characterPx = 6.6;
const segmentPaddingPx = 16;
const mostSegments = 4;

/** Side by side where few and short, else in a list that opens. */
export function fitsSegments(options: readonly Pick<ChoiceOption, 'label'>[]): boolean {
  const widthPx = options.reduce(
    (sum, { label }) => sum + label.length * characterPx + segmentPaddingPx,
    0,
  );
  return options.length <= mostSegments && widthPx <= narrowestPx;
}
