/** The answers as they are written, and the figures that one looks for first. */
import { ChevronDown } from 'lucide-react';
import { IconButton } from '#renderer/parts/button.tsx';
import { isOver } from '#renderer/runs/live-run.ts';
import type { FollowedRun } from '#renderer/runs/run-store.ts';
import { toggleFolded } from '#renderer/view/view-store.ts';
import { AnswerBody } from './answer-body.tsx';
import { answersShown } from './answer-shown.ts';
import { CopyAnswer } from './copy-answer.tsx';
import { Headlines } from './headlines.tsx';
import { AnswerText } from './answer-text.tsx';
import { ModelAnswer } from './model-answer.tsx';
import { RandomWords } from './random-words.tsx';
import styles from './answer-side.module.css';

export function AnswerSide({ run }: { readonly run: FollowedRun | null }) {
  const { state, answers, instead } = answersShown(run);
  const areSeveral = answers.length > 1;
  const only = areSeveral ? undefined : answers[0];
  return (
    <aside className={styles['side']} aria-label="Answer and headline figures">
      <header className={styles['head']}>
        <h2>{areSeveral ? 'Answers' : 'Answer'}</h2>
        <span className={styles['state']} aria-live="polite">
          {state}
        </span>
        {only && <CopyAnswer text={only.text} />}
        <IconButton
          icon={<ChevronDown size={16} />}
          label="Fold the results"
          className={styles['fold'] ?? ''}
          onClick={() => toggleFolded('results')}
        />
      </header>
      {only && <RandomWords answer={only} />}
      <AnswerBody
        key={run?.runId}
        label={areSeveral ? 'Answers of the language models' : 'Text of the answer'}
        written={answers.map(({ text }) => text).join('\n')}
        isGoing={run !== null && !isOver(run.live)}
      >
        {areSeveral ? (
          answers.map((answer) => <ModelAnswer key={answer.model.node} answer={answer} />)
        ) : only ? (
          <AnswerText answer={only} />
        ) : (
          <p className={styles['empty']}>{instead}</p>
        )}
      </AnswerBody>
      {run && <Headlines report={run.report} />}
    </aside>
  );
}
