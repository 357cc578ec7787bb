/** What the exit status of `patchbay` says. */
export const exitStatus = {
  done: 0,
  /** The graph has problems, or the run failed; the reason is on standard error. */
  problems: 1,
  usage: 2,
  interrupted: 130,
} as const;

export type ExitStatus = (typeof exitStatus)[keyof typeof exitStatus];

/** A mistake in the command line; its message says what to type instead. */
export class UsageError extends Error {}
