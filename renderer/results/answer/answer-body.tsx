/** Where answers are read: follows what is being written, unless a person has scrolled back to read. */
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
    // The figures come with the end.
    const moves = isGoing || wasGoing.current;
    wasGoing.current = isGoing;
    if (moves && follows.current && place.current) place.current.scrollTop = endOf(place.current);
  }, [written, isGoing]);
  return (
    <div
      ref={place}
      className={styles['body']}
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

/** Where to scroll to for the end of the answer that is being written, or of all. */
function endOf(place: HTMLElement): number {
  const going = place.querySelector<HTMLElement>('[data-going]');
  const end = going ? going.offsetTop + going.offsetHeight - place.offsetTop : place.scrollHeight;
  return Math.max(0, end - place.clientHeight);
}
