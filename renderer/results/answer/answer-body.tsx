/**
 * Where answers are read: follows what is being written, unless a person has scrolled back to read, and shows it from
 * its first line once it is complete.
 */
import { useLayoutEffect, useRef, type ReactNode } from 'react';
import styles from './answer-side.module.css';

interface AnswerBodyProps {
  readonly label: string;
  /** Changes with every word. */
  readonly written: string;
  readonly isGoing: boolean;
  readonly children: ReactNode;
}

export function AnswerBody({ label, written, isGoing, children }: AnswerBodyProps) {
  const place = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const wasGoing = useRef(false);
  useLayoutEffect(() => {
    const moves = isGoing || wasGoing.current;
    wasGoing.current = isGoing;
    if (moves && follows.current && place.current)
      place.current.scrollTop = isGoing ? endOf(place.current) : 0;
  }, [written, isGoing]);
  return (
    <div
      ref={place}
      className={styles['body']}
      data-going={isGoing || undefined}
      tabIndex={0}
      role="group"
      aria-label={label}
      onScroll={({ currentTarget }) => {
        follows.current = Math.abs(currentTarget.scrollTop - endOf(currentTarget)) < 24;
      }}
    >
      {children}
    </div>
  );
}

/** Where to scroll to for the end of the answer that is being written, or of all, without cutting a line above. */
function endOf(place: HTMLElement): number {
  const going = place.querySelector<HTMLElement>('[data-going]');
  if (going)
    return Math.max(0, going.offsetTop + going.offsetHeight - place.offsetTop - place.clientHeight);
  const end = place.scrollHeight - Number.parseFloat(getComputedStyle(place).paddingBottom);
  const over = Math.max(0, end - place.clientHeight);
  const text = place.querySelector('p');
  if (!text) return over;
  const linePx = Number.parseFloat(getComputedStyle(text).lineHeight);
  return Math.ceil(over / linePx) * linePx;
}
