/** The process that checks graphs: hears of one, tells what is wrong with it. */
import { rmSync } from 'node:fs';
import { checkWithFiles } from './check-with-files.ts';
import { openParentLine } from './system/parent-line.ts';
import type { CheckRequest, FromCheckProcess } from './check-message.ts';

const parent = openParentLine(hear, () => {
  // The caller is gone, and cannot remove the folder for temporary files that it gave.
  const [, , temporary] = process.argv;
  if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
  process.exit();
});
const tell = (message: FromCheckProcess): void => parent.post(message);

function hear(raw: unknown): void {
  // Both ends are of one build, and a document as large as may be is read once.
  const { document, baseFolder, unchosen } = raw as CheckRequest;
  const answer = async (): Promise<void> => {
    tell({ type: 'checking' });
    tell({ type: 'checked', problems: await checkWithFiles(document, baseFolder, unchosen) });
  };
  void answer();
}

// The caller decides what an interrupt in the terminal means; without a caller there is nothing to do.
process.on('SIGINT', () => undefined);
