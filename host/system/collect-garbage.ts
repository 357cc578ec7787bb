/** Frees at once what JavaScript no longer holds: large buffers would else pile up until V8 finds the time. */
import v8 from 'node:v8';
import vm from 'node:vm';

let collect: (() => void) | null = null;

export function collectGarbage(): void {
  if (!collect) {
    // The function is there only where it was asked for; a flag set now counts for contexts made from now on.
    v8.setFlagsFromString('--expose-gc');
    collect = vm.runInNewContext('gc') as () => void;
  }
  collect();
}
