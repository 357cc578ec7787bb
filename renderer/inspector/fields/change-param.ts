/** Writes what a field says into the graph at the front. */
import type { Json } from '#engine/contract/document.ts';
import { sameValue } from '#engine/same-value.ts';
import { undone } from '#renderer/workspace/open-document.ts';
import {
  activeDocument,
  edit,
  sealStep,
  updateDocument,
  workspace,
} from '#renderer/workspace/workspace-store.ts';
import { mergeKeyOf, resetParam, setParam, type BoundParam } from './bound-param.ts';

const nameOf = ({ param: { label } }: BoundParam): string =>
  label.charAt(0).toLowerCase() + label.slice(1);

/** A choice: a step of its own. */
export function chooseParam(bound: BoundParam, value: Json): void {
  if (!sameValue(value, bound.value)) edit(`Change ${nameOf(bound)}`, setParam(bound, value));
}

/** One of many changes that follow one another, as of typing or dragging; they end with `sealStep`. */
export function typeParam(bound: BoundParam, value: Json): void {
  edit(`Change ${nameOf(bound)}`, setParam(bound, value), mergeKeyOf(bound));
}

export function resetToDefault(bound: BoundParam): void {
  sealStep();
  edit(`Reset ${nameOf(bound)}`, resetParam(bound));
}

/** Takes back what has been typed since the field was entered, and nothing that was done before. */
export function takeBackTyping(documentId: string, mergeKey: string): void {
  const open = activeDocument(workspace.getState());
  if (open?.id !== documentId || open.past.at(-1)?.mergeKey !== mergeKey) return;
  updateDocument(documentId, undone);
}
