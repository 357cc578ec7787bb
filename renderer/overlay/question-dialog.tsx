/** A question that has to be answered before work goes on. */
import { AlertDialog } from '@base-ui/react/alert-dialog';
import { useRef } from 'react';
import { Button } from '#renderer/parts/button.tsx';
import { useFocusBefore } from '#renderer/parts/focus-before.ts';
import frame from '#renderer/parts/dialog.module.css';
import type { Question } from './question.ts';
import styles from './question-dialog.module.css';

interface QuestionDialogProps {
  readonly question: Question;
  readonly answer: (id: string | null) => void;
}

export function QuestionDialog({ question, answer }: QuestionDialogProps) {
  const first = useRef<HTMLButtonElement>(null);
  const focusBefore = useFocusBefore();
  return (
    <AlertDialog.Root open onOpenChange={(open) => !open && answer(null)}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className={frame['scrim']} />
        <AlertDialog.Popup
          className={`${frame['dialog']} ${styles['dialog']}`}
          initialFocus={first}
          finalFocus={focusBefore}
        >
          <div className={styles['body']}>
            <AlertDialog.Title className={frame['title']}>{question.title}</AlertDialog.Title>
            <AlertDialog.Description className={styles['text']}>
              {question.text}
            </AlertDialog.Description>
          </div>
          <footer className={frame['foot']}>
            <Button onClick={() => answer(null)}>Cancel</Button>
            {question.answers.toReversed().map(({ id, title, weight }) => (
              <Button
                key={id}
                ref={id === question.answers[0]?.id ? first : null}
                weight={weight}
                onClick={() => answer(id)}
              >
                {title}
              </Button>
            ))}
          </footer>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
