/** Is there a process of this id? */
export function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (cause) {
    // One of another user may not be asked, but is there.
    return (cause as NodeJS.ErrnoException).code === 'EPERM';
  }
}
