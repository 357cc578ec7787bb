/** Whether this process comes before other programs where there are more than processors. */
import { readdirSync } from 'node:fs';
import os from 'node:os';

type SetPriority = (id: number, priority: number) => void;

const raised = os.constants.priority.PRIORITY_HIGH;
/** As system calls know the process that makes them. */
const itself = 0;

/**
 * Puts every thread of this process before other programs; what it starts from then on begins so too. Gives what puts them
 * back, or null where the system does not let this user's programs be raised.
 */
export function raisePriority(setPriority: SetPriority = os.setPriority): (() => void) | null {
  const before = os.getPriority();
  try {
    setPriority(itself, raised);
  } catch {
    return null;
  }
  setAll(raised, setPriority);
  return () => setAll(before, setPriority);
}

function setAll(priority: number, setPriority: SetPriority): void {
  for (const id of [itself, ...threadIds()]) {
    try {
      setPriority(id, priority);
    } catch {
      // A thread that has ended since.
    }
  }
}

/** Where threads have a priority of their own; elsewhere that of the process counts for all. */
function threadIds(): readonly number[] {
  if (process.platform !== 'linux') return [];
  try {
    return readdirSync('/proc/self/task').map(Number);
  } catch {
    return [];
  }
}
