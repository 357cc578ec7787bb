/** The process that checks graphs: hears of one, tells what is wrong with it. */
import { checkWithFiles } from './check-with-files.ts';
import { openWorkLine } from './system/parent-line.ts';
import type { CheckRequest, FromCheckProcess } from './check-message.ts';

const parent = openWorkLine(hear);
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
