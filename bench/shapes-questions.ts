/** The questions that come with the Shapes checkpoint, asked of a graph without starting an engine process. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GraphDocument } from '#engine/contract/document.ts';
import type { DraftFacts, RunEvent } from '#engine/contract/run-event.ts';
import { presetsFolder } from '#host/system/package-root.ts';
import { executeRun } from '#host/runs/execute-run.ts';
import type { ModelLoader } from '#host/sessions/load-model.ts';
import { CancelSwitch } from '#host/sessions/progress.ts';

export interface Question {
  /** Of the scene that it is asked about. */
  readonly seed: number;
  readonly question: string;
  readonly answer: string;
  /** The image token among them stands for all visual ones. */
  readonly prompt_tokens: readonly number[];
  /** What the reference library made of it, greedy. */
  readonly model_answer: string;
  readonly model_tokens: readonly number[];
}

export async function readQuestions(): Promise<readonly Question[]> {
  const text = await readFile(join(presetsFolder, 'shapes-eval', 'dev.jsonl'), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Question);
}

export interface Answer {
  readonly text: string;
  readonly tokenIds: readonly number[];
  /** Null where nothing guesses ahead. */
  readonly draft: DraftFacts | null;
}

export async function ask(
  document: GraphDocument,
  { seed, question }: Question,
  loader: ModelLoader,
): Promise<Answer> {
  const events: RunEvent[] = [];
  const request = {
    document,
    images: [{ kind: 'scene', seed } as const],
    prompt: question,
    runs: 1,
  };
  const emit = (event: RunEvent): void => void events.push(event);
  const outcome = await executeRun(request, loader, emit, new CancelSwitch());
  if (!outcome.ok) throw new Error(outcome.problems[0]?.message);
  const answer = events.find((event) => event.type === 'answer');
  if (!answer) throw new Error(`No answer to "${question}".`);
  return { text: answer.text, tokenIds: answer.tokenIds, draft: answer.draft };
}

/** What is answered otherwise than in the reference library, a line each. */
export async function differentAnswers(
  document: GraphDocument,
  questions: readonly Question[],
  loader: ModelLoader,
): Promise<readonly string[]> {
  const different: string[] = [];
  for (const asked of questions) {
    const { text, tokenIds } = await ask(document, asked, loader);
    const isSame = tokenIds.join() === asked.model_tokens.join() && text === asked.model_answer;
    if (!isSame) different.push(`${asked.question} → ${text}, reference: ${asked.model_answer}`);
  }
  return different;
}

/** The share of answers that are right, word for word, and how many are the reference's, token for token. */
export async function measureAccuracy(
  document: GraphDocument,
  questions: readonly Question[],
  loader: ModelLoader,
): Promise<{ readonly accuracy: number; readonly same: number }> {
  let right = 0;
  let same = 0;
  for (const question of questions) {
    const { text, tokenIds } = await ask(document, question, loader);
    if (text === question.answer) right++;
    if (tokenIds.join() === question.model_tokens.join()) same++;
  }
  return { accuracy: right / questions.length, same };
}

/** How a draft does: questions whose answers are not those of the reference, token for token, and its guesses. */
export interface Drafting extends DraftFacts {
  readonly different: readonly string[];
}

/** Asks a graph with a draft. */
export async function measureDrafting(
  document: GraphDocument,
  questions: readonly Question[],
  loader: ModelLoader,
): Promise<Drafting> {
  const different: string[] = [];
  let proposed = 0;
  let accepted = 0;
  for (const asked of questions) {
    const { tokenIds, draft } = await ask(document, asked, loader);
    if (tokenIds.join() !== asked.model_tokens.join()) different.push(asked.question);
    proposed += draft?.proposed ?? 0;
    accepted += draft?.accepted ?? 0;
  }
  return { different, proposed, accepted };
}
