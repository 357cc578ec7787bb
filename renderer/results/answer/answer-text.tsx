/** What one model answered: a text, several one below the other, or given ones with how likely each is. */
import { formatMilliseconds } from '#engine/contract/format.ts';
import { ChoiceBars } from '#renderer/parts/choice-bars.tsx';
import type { AnswerShown } from './answer-shown.ts';
import { tokensText } from '#engine/profile/language-facts.ts';
import styles from './answer-side.module.css';

export function AnswerText({ answer }: { readonly answer: AnswerShown }) {
  const { texts, instead, choices, written } = answer;
  const [text = ''] = texts;
  if (texts.length > 1)
    return (
      <ol className={styles['several']}>
        {texts.map((each, index) => {
          const own = written[index];
          return (
            // Answers keep their places, and two may have the same words.
            <li key={index}>
              <p className={styles['text']}>{each}</p>
              {own && (
                <span className={`numbers ${styles['took']}`}>
                  {tokensText(own.tokenIds.length)} · {formatMilliseconds(own.writingMs)}
                </span>
              )}
            </li>
          );
        })}
      </ol>
    );
  return (
    <>
      <p className={text === '' ? styles['empty'] : styles['text']}>{text || instead}</p>
      {choices && (
        <div className={styles['choices']}>
          <ChoiceBars choices={choices} />
        </div>
      )}
    </>
  );
}
