/** Makes sure of a browser before the first test. */
import { testBrowser } from './browser.ts';

export default function globalSetup(): void {
  testBrowser();
}
