/** Where the focus was before a dialog took it. */
import { useState } from 'react';

/**
 * What gets the focus when the dialog closes. Left to itself, Base UI gives it to whatever had it last, be that
 * long ago. Nothing gets it where nothing had it, or where a command has put it elsewhere by now; `true` leaves the
 * choice to Base UI, for what had it is gone.
 */
export function useFocusBefore(): () => HTMLElement | boolean {
  const [before] = useState(() => document.activeElement);
  return () => {
    const now = document.activeElement;
    const isElsewhere = now !== document.body && !now?.closest('[role$="dialog"]');
    if (isElsewhere || !(before instanceof HTMLElement) || before === document.body) return false;
    return before.isConnected ? before : true;
  };
}
