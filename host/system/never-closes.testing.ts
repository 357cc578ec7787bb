/** A process in which something never closes, ended by interrupts as a command is. For tests. */
import { endOnInterrupt } from './ending.ts';

const limitMs = Number(process.argv[2]);
// Keeps the process as long as it is open, which is for ever.
setInterval(() => undefined, 2 ** 30);
const close = (): Promise<void> => {
  process.stdout.write('closing\n');
  return new Promise(() => undefined);
};
endOnInterrupt([{ close }], 130, limitMs);
process.stdout.write('ready\n');
