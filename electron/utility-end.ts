/** How a utility process ended, read from the one number that Electron tells. */
import { constants } from 'node:os';
import type { ChildEnd } from '#host/system/child-program.ts';

/** A signal's number stands in these bits of what `waitpid` tells; an exit code stands above them. */
const signalBits = 0x7f;
/** These end processes that did not ask for it; their numbers are told apart from the codes of Node.js by kind. */
const ending = ['SIGKILL', 'SIGSEGV', 'SIGABRT', 'SIGTRAP', 'SIGBUS', 'SIGILL', 'SIGTERM'] as const;

/**
 * On Unix the number is the exit code where the program ended itself, and the status of `waitpid` where it did not
 * (electron_api_utility_process.cc), so that 9 may be either; a program of ours never ends with 9 of its own.
 */
export function endOfUtility(
  told: number,
  platform: NodeJS.Platform,
): Pick<ChildEnd, 'code' | 'signal'> {
  const signal = ending.find((name) => constants.signals[name] === (told & signalBits));
  const isStatus = told <= 0xff;
  if (platform === 'win32' || !isStatus || signal === undefined)
    return { code: isStatus || platform === 'win32' ? told : told >> 8, signal: null };
  return { code: null, signal };
}
