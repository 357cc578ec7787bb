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

/** More at once are not read. */
const mostShown = 4;
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

/** The same sentence is not shown twice. */
function show(notice: Omit<Notice, 'id'>): number {
  const id = ++lastId;
  notices.setState(({ shown }) => ({
    shown: [...shown.filter(({ text }) => text !== notice.text), { ...notice, id }].slice(
      -mostShown,
    ),
  }));
  return id;
}
