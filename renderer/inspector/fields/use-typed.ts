/** What is being typed into a field: kept as text until it is a value, and over a change of what is selected. */
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import type { FocusEventHandler, KeyboardEvent } from 'react';
import type { Json } from '#engine/contract/document.ts';
import type { Outcome } from '#engine/contract/outcome.ts';
import { sameValue } from '#engine/same-value.ts';
import { whenDocumentGone } from '#renderer/workspace/document-gone.ts';

interface Draft {
  readonly text: string;
  /** The value that it was typed over; where that has become another, as by undo, the text has gone by. */
  readonly over: Json | undefined;
}

/** By field. What was typed and is no value stays as long as its graph is open. */
const drafts = createStore<Readonly<Record<string, Draft>>>(() => ({}));
whenDocumentGone((id) => {
  const others = Object.entries(drafts.getState()).filter(([key]) => !key.startsWith(`${id}/`));
  drafts.setState(Object.fromEntries(others), true);
});

function keepDraft(key: string, draft: Draft | null): void {
  const { [key]: _, ...others } = drafts.getState();
  drafts.setState(draft ? { ...others, [key]: draft } : others, true);
}

export interface TypedField<Value extends Json> {
  /** Names the field among all of all graphs; that of a graph begins with the graph's id and a slash. */
  readonly key: string;
  /** Undefined where several nodes differ. */
  readonly value: Json | undefined;
  /** The value as text. */
  readonly written: string;
  readonly parse: (text: string) => Outcome<Value>;
  readonly take: (value: Value) => void;
  /** The field was left. */
  readonly settle: () => void;
  /** Everything back as it was when the field was entered. */
  readonly takeBack: () => void;
  /** Does Enter end a line rather than the typing? */
  readonly hasLines?: boolean;
  /** The value that so many arrow keys lead to. */
  readonly step?: (steps: number) => Value | null;
}

export interface TypedText {
  readonly text: string;
  /** Why the text is no value; null where it is one. */
  readonly reason: string | null;
  readonly input: {
    readonly value: string;
    readonly onChange: (event: { readonly target: { readonly value: string } }) => void;
    readonly onBlur: FocusEventHandler;
    readonly onKeyDown: (event: KeyboardEvent) => void;
  };
}

export function useTyped<Value extends Json>(field: TypedField<Value>): TypedText {
  const kept = useStore(drafts, (all) => all[field.key]);
  const draft = kept && sameValue(kept.over, field.value) ? kept : null;
  const parsed = draft && field.parse(draft.text);
  const text = draft?.text ?? field.written;
  const change = (next: string): void => {
    const outcome = field.parse(next);
    const isNew = outcome.ok && !sameValue(outcome.value, field.value);
    keepDraft(field.key, { text: next, over: isNew ? outcome.value : field.value });
    if (isNew) field.take(outcome.value);
  };
  const leave = (): void => {
    if (parsed?.ok !== false) keepDraft(field.key, null);
    field.settle();
  };
  const press = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') {
      event.stopPropagation();
      keepDraft(field.key, null);
      field.takeBack();
    } else if (event.key === 'Enter' && field.hasLines !== true) leave();
    else stepBy(field, event);
  };
  return {
    text,
    reason: parsed?.ok === false ? (parsed.problems[0]?.message ?? null) : null,
    input: {
      value: text,
      onChange: ({ target }) => change(target.value),
      onBlur: leave,
      onKeyDown: press,
    },
  };
}

function stepBy<Value extends Json>(
  { key, step, take }: TypedField<Value>,
  event: KeyboardEvent,
): void {
  const direction = event.key === 'ArrowUp' ? 1 : event.key === 'ArrowDown' ? -1 : 0;
  const next = direction === 0 ? null : step?.(direction * (event.shiftKey ? 10 : 1));
  if (next === null || next === undefined) return;
  event.preventDefault();
  keepDraft(key, null);
  take(next);
}
