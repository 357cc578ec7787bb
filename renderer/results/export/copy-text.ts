/** Puts a text on the clipboard and says whether it got there. */
import { tell } from '#renderer/notices/notices.ts';

/** `what` begins the sentence: "The answer". */
export async function copyText(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    tell(`${what} is on the clipboard.`);
  } catch {
    tell(`${what} could not be copied, the browser refused; select and copy it by hand.`);
  }
}
