/** Short messages at the edge of the window: what was done, and what went wrong. */
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import type { Problem } from '#engine/contract/problem.ts';

export interface NoticeAction {
  readonly title: string;
  readonly run: () => void;
}

export interface Notice {
  readonly id: number;
  readonly kind: 'told' | 'problem';
  readonly text: string;
  readonly action?: NoticeAction | undefined;
}

interface Notices {
  readonly shown: readonly Notice[];
}

/** More at once are not read, and stand before what they are about. */
const mostShown = 3;
/** Long enough to read two lines twice; problems stay until they are put away. */
const toldMs = 5000;

export const notices = createStore<Notices>(() => ({ shown: [] }));
let lastId = 0;

export function useNotices(): readonly Notice[] {
  return useStore(notices, ({ shown }) => shown);
}

export function tell(text: string, action?: NoticeAction): void {
  const id = show({ kind: 'told', text, action });
  setTimeout(() => dismiss(id), toldMs);
}

export function tellProblems(problems: readonly Problem[], action?: NoticeAction): void {
  for (const { message } of problems.slice(0, mostShown))
    show({ kind: 'problem', text: message, action });
}

export function dismiss(id: number): void {
  notices.setState(({ shown }) => ({ shown: shown.filter((notice) => notice.id !== id) }));
}

function show(notice: Omit<Notice, 'id'>): number {
  const id = ++lastId;
  notices.setState(({ shown }) => {
    const left = shown.filter((other) => !isSaidBy(notice, other));
    return { shown: [...left, { ...notice, id }].slice(-mostShown) };
  });
  return id;
}

/** The same sentence is not shown twice; and of what was done, the last thing is enough. */
function isSaidBy(notice: Omit<Notice, 'id'>, other: Notice): boolean {
  const isPassing = notice.kind === 'told' && other.kind === 'told' && !other.action;
  return isPassing || other.text === notice.text;
}
