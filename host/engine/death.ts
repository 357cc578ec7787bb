/** Why an engine process ended, as far as the system tells. */
import { stripVTControlCharacters } from 'node:util';
import { error, type Problem } from '#engine/contract/problem.ts';
import { rowTitle, type StageFacts } from '#engine/contract/run-event.ts';
import type { ChildEnd } from '../system/child-program.ts';

export interface EngineEnd extends ChildEnd {
  /** Did the system kill for lack of memory meanwhile? */
  readonly outOfMemory: boolean;
}

/** What a run was doing. */
export interface Interrupted {
  readonly stages: readonly StageFacts[];
  readonly stage: string | null;
  readonly phase: string | null;
  /** The pass that was over, where of what followed the stage was not told. */
  readonly quickPass: number | null;
}

export function deathProblem(end: EngineEnd, run: Interrupted): Problem {
  const facts = isPastQuickPass(run) ? undefined : run.stages.find(({ id }) => id === run.stage);
  const message = `The engine process ended ${whereOf(run, facts)} (${causeOf(end)}). The graph is unharmed; run it again.`;
  return error('engine-died', message, facts ? { node: facts.node } : {});
}

/** Is the stage that was told last no more than the first of a quick pass? */
const isPastQuickPass = ({ phase, quickPass }: Interrupted): boolean =>
  quickPass !== null && phase === 'running';

function whereOf(run: Interrupted, facts: StageFacts | undefined): string {
  const { stage, phase, quickPass } = run;
  if (stage === null) return 'before its first stage';
  if (isPastQuickPass(run)) return `after pass ${quickPass}`;
  return `while "${facts ? rowTitle(facts) : stage}" was ${phase ?? 'running'}`;
}

/** "signal SIGSEGV: …", fit for brackets. */
export function causeOf({ code, signal, lastWords, outOfMemory }: EngineEnd): string {
  if (outOfMemory)
    return 'the system killed it for lack of memory; choose a smaller model or a lower precision';
  const words = lastSentence(lastWords);
  const behind = words === '' ? '' : `: ${words}`;
  if (signal === 'SIGKILL') return `something killed it, perhaps for lack of memory${behind}`;
  if (signal !== null) return `signal ${signal}${behind}`;
  return code === null ? `it did not start${behind}` : `exit code ${code}${behind}`;
}

/** The error that a process ended with, or else the last line that it wrote. */
function lastSentence(lastWords: string): string {
  const lines = stripVTControlCharacters(lastWords)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return (
    lines.findLast((line) =>
      /^(\w*Error|FATAL ERROR|terminate called|.*\bwhat\(\))\b/.test(line),
    ) ??
    lines.at(-1) ??
    ''
  );
}
