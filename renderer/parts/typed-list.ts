/** A list that is searched by typing: arrows move through what is found, Enter chooses. */
import { useEffect, useRef, useState, type KeyboardEvent, type RefObject } from 'react';

export interface TypedList {
  readonly typed: string;
  /** Place of the option that Enter chooses. */
  readonly at: number;
  readonly type: (typed: string) => void;
  readonly moveTo: (at: number) => void;
  /** Moves as a key says; true where it says to choose. */
  readonly press: (event: KeyboardEvent, count: number) => boolean;
}

const moves: Readonly<Record<string, (at: number, count: number) => number>> = {
  ArrowDown: (at, count) => (count === 0 ? 0 : (at + 1) % count),
  ArrowUp: (at, count) => (count === 0 ? 0 : (at + count - 1) % count),
  PageDown: (at, count) => Math.max(0, Math.min(count - 1, at + 8)),
  PageUp: (at) => Math.max(0, at - 8),
};

export function useTypedList(): TypedList {
  const [typed, setTyped] = useState('');
  const [at, moveTo] = useState(0);
  const type = (next: string): void => {
    setTyped(next);
    moveTo(0);
  };
  const press = (event: KeyboardEvent, count: number): boolean => {
    const target = moves[event.key]?.(at, count);
    if (target !== undefined) moveTo(target);
    else if (event.key !== 'Enter') return false;
    event.preventDefault();
    return target === undefined;
  };
  return { typed, at, type, moveTo, press };
}

/** Keeps the option at hand in sight. */
export function useInSight(optionId: string): RefObject<HTMLDivElement | null> {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.querySelector(`#${CSS.escape(optionId)}`)?.scrollIntoView({ block: 'nearest' });
  });
  return list;
}
