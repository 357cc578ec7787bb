/** What stands where figures will be, before any run of this graph: what Run will do, and the button. */
import { Play } from 'lucide-react';
import { useProblems } from '#renderer/analysis/problems.ts';
import { runCommand } from '#renderer/commands/commands.ts';
import { Button } from '#renderer/parts/button.tsx';
import { showResults, useView } from '#renderer/view/view-store.ts';
import type { OpenDocument } from '#renderer/workspace/open-document.ts';
import styles from './no-run.module.css';

export function NoRun({ open }: { readonly open: OpenDocument }) {
  const passes = useView((view) => view.passes);
  const problems = useProblems(open.document);
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  return (
    <div className={styles['none']}>
      <h3>Nothing has been measured yet</h3>
      <p>
        Run builds a real ONNX model of every stage, warms it up, and times {passesWords(passes)}{' '}
        over the graph on this machine. Here you will see where each millisecond and megabyte goes.
      </p>
      {errors > 0 ? (
        <div className={styles['blocked']}>
          <p>{errors === 1 ? 'One error stands' : `${errors} errors stand`} in the way.</p>
          <Button onClick={() => showResults('problems')}>Show problems</Button>
        </div>
      ) : (
        <Button weight="primary" onClick={() => runCommand('run.start')}>
          <Play size={12} fill="currentColor" aria-hidden />
          Run the graph
        </Button>
      )}
    </div>
  );
}

function passesWords(passes: number | null): string {
  if (passes === null)
    return 'as many passes as it takes for steady figures, or two seconds of them,';
  return passes === 1 ? 'one pass' : `${passes} passes`;
}
