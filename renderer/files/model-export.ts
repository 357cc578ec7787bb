/** Exports the models of a graph as ONNX files, and knows how far that is. */
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import { formatBytes } from '#engine/contract/format.ts';
import type { Problem } from '#engine/contract/problem.ts';
import { isLast, type RunEvent } from '#engine/contract/run-event.ts';
import { problemAction } from '#renderer/analysis/problem-action.ts';
import { ask, host } from '#renderer/connection/host-client.ts';
import { tell, tellProblems } from '#renderer/notices/notices.ts';
import { closeOverlay, showOverlay } from '#renderer/overlay/overlay.ts';
import type { OpenDocument } from '#renderer/workspace/open-document.ts';
import { chooseFolderToFill } from './choose-path.ts';
import { bareFileName, joinPath } from './file-names.ts';

export interface ModelExport {
  readonly runId: string;
  readonly folder: string;
  /** What goes on, in words. */
  readonly words: string;
  /** 0 to 1; null where it is not known. */
  readonly share: number | null;
}

const going = createStore<{ readonly now: ModelExport | null }>(() => ({ now: null }));

export const useModelExport = (): ModelExport | null => useStore(going, ({ now }) => now);

/** Into a new folder, named after the graph, of one that is asked for. */
export async function exportModels({ document, file }: OpenDocument): Promise<void> {
  if (going.getState().now) return showOverlay({ kind: 'export-models' });
  const parent = await chooseFolderToFill('Put the ONNX models into');
  if (parent === null) return;
  const folder = joinPath(parent, `${bareFileName(document.title)}-onnx`);
  const baseFolder = file && { baseFolder: file.folder };
  const started = await ask(host.startExport.mutate({ document, folder, ...baseFolder }));
  if (!started.ok) return tellRefused(started.problems);
  const { runId } = started.value;
  going.setState({ now: { runId, folder, words: 'Waiting for its turn', share: null } });
  showOverlay({ kind: 'export-models' });
  follow(runId, folder);
}

export async function cancelExport(): Promise<void> {
  const { now } = going.getState();
  if (!now) return closeOverlay();
  const outcome = await ask(host.cancelRun.mutate({ runId: now.runId, hard: false }));
  if (!outcome.ok) tellProblems(outcome.problems);
}

function follow(runId: string, folder: string): void {
  const subscription = host.runEvents.subscribe(
    { runId, after: -1 },
    {
      onData: ({ data: { event } }) => {
        if (event.type === 'stage-progress') tellProgress(event);
        if (!isLast(event)) return;
        subscription.unsubscribe();
        end();
        sayHowItEnded(event, folder);
      },
      onError: (cause: Error) => {
        end();
        tell(`The export can no longer be followed: ${cause.message}`);
      },
    },
  );
}

function end(): void {
  going.setState({ now: null });
  closeOverlay('export-models');
}

function tellProgress({ stage, phase, done, total }: Progress): void {
  const isKnown = done !== undefined && total !== undefined && total > 0;
  const what = phase === 'building' ? 'Writing' : 'Reading';
  const amount = isKnown ? `, ${formatBytes(done)} of ${formatBytes(total)}` : '';
  going.setState(({ now }) => ({
    now: now && {
      ...now,
      words: `${what} ${stage}${amount}`,
      // What is read is of one file, what is written of all.
      share: isKnown && phase === 'building' ? done / total : now.share,
    },
  }));
}

type Progress = Extract<RunEvent, { type: 'stage-progress' }>;

function sayHowItEnded(event: RunEvent, folder: string): void {
  if (event.type === 'run-finished') tell(`Exported to ${folder}.`);
  if (event.type === 'run-cancelled') tell('The export was cancelled; nothing of it is left.');
  if (event.type === 'run-failed') tellProblems(event.problems);
}

function tellRefused(problems: readonly Problem[]): void {
  const [first] = problems;
  tellProblems(problems.slice(0, 1), (first && problemAction(first)) ?? undefined);
}
