/** What the window says, kept for a test to read: most messages are gone again after seconds. */
import type { Page } from '@playwright/test';

declare global {
  interface Window {
    toldMessages?: string[];
  }
}

/** From the next page that is loaded on. */
export function keepMessages(page: Page): Promise<unknown> {
  return page.addInitScript(() => {
    const told: string[] = [];
    window.toldMessages = told;
    new MutationObserver(() => {
      const shown = document.querySelectorAll('[role="status"][aria-label="Messages"] p');
      for (const { textContent } of shown) if (!told.includes(textContent)) told.push(textContent);
    }).observe(document, { childList: true, subtree: true });
  });
}

/** Everything that the window has said since it was loaded, each sentence once. */
export function toldMessages(page: Page): Promise<string> {
  return page.evaluate(() => (window.toldMessages ?? []).join('\n'));
}
