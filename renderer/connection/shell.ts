/** The desktop window around the page, where there is one; in a browser the page helps itself. */
import type { Shell } from '#engine/contract/shell.ts';

declare global {
  interface Window {
    readonly patchbayShell?: Shell;
  }
}

export const shell: Shell | null = window.patchbayShell ?? null;
