/** Puts a text on the clipboard and says whether it got there. */
import { tell } from '#renderer/notices/notices.ts';

/** `what` stands within a sentence: "the answer", "the stages". */
export async function copyText(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    tell(`Copied ${what}.`);
  } catch {
    tell(`The browser did not let ${what} be copied; select and copy by hand.`);
  }
}
