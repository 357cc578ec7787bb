/** The picture, the prompt or the answer that a card holds. */
import { useEffect, useRef, useState } from 'react';
import { assertNever } from '#engine/contract/outcome.ts';
import { usePicture } from '#renderer/analysis/picture.ts';
import { ChoiceBars } from '#renderer/parts/choice-bars.tsx';
import { Hint } from '#renderer/parts/hint.tsx';
import { answerTexts, joinedAnswers, whyNoAnswer } from '#renderer/runs/answer-text.ts';
import { isOver } from '#renderer/runs/live-run.ts';
import { ownRun, useRuns } from '#renderer/runs/run-store.ts';
import { useCardContext } from './card-context.ts';
import { rowPx } from './card-geometry.ts';
import type { CardBody } from './card-content.ts';
import { previewPx } from './picture-size.ts';
import styles from './card-body.module.css';

export function CardBodyView({ body }: { readonly body: CardBody }) {
  switch (body.kind) {
    case 'picture':
      return <PictureBody {...body} />;
    case 'text':
      return <TextBody text={body.text} />;
    case 'answer':
      return <AnswerBody from={body.from} />;
    default:
      return assertNever(body);
  }
}

const pictureWords = {
  image: { none: 'Choose a picture in the inspector', waiting: 'Reading the picture' },
  video: { none: 'Choose a clip in the inspector', waiting: 'Reading the clip' },
} as const;

function PictureBody({ media, source }: Extract<CardBody, { kind: 'picture' }>) {
  const { baseFolder } = useCardContext();
  const picture = usePicture(source, baseFolder, previewPx);
  const isSlow = useIsSlow(picture === null && source.kind !== 'none');
  const words =
    source.kind === 'none' ? pictureWords[media].none : isSlow && pictureWords[media].waiting;
  return (
    <div className={styles['picture-row']} style={{ height: rowPx.picture }}>
      {picture?.ok === true ? (
        <img className={styles['picture']} src={picture.value.dataUrl} alt="" draggable={false} />
      ) : picture ? (
        <Hint text={picture.problems[0]?.message}>
          <p className={styles['no-picture']} data-wrong>
            {media === 'image' ? 'This picture' : 'This clip'} cannot be shown
          </p>
        </Hint>
      ) : (
        <p className={styles['no-picture']}>{words}</p>
      )}
    </div>
  );
}

/** What takes longer than this is worth a word. */
const slowMs = 300;

function useIsSlow(isWaiting: boolean): boolean {
  const [isSlow, setSlow] = useState(false);
  useEffect(() => {
    setSlow(false);
    if (!isWaiting) return undefined;
    const timer = setTimeout(() => setSlow(true), slowMs);
    return () => clearTimeout(timer);
  }, [isWaiting]);
  return isSlow;
}

function TextBody({ text }: { readonly text: string }) {
  return (
    <div className={styles['text-row']} style={{ height: rowPx.text }}>
      <p className={styles['text']} data-empty={text === '' || undefined}>
        {text === '' ? 'Nothing is asked yet' : text}
      </p>
    </div>
  );
}

function AnswerBody({ from }: Pick<Extract<CardBody, { kind: 'answer' }>, 'from'>) {
  const { documentId } = useCardContext();
  const text = useRuns((runs) => {
    const run = ownRun(runs, documentId);
    return run === null || from === null ? '' : joinedAnswers(answerTexts(run, from));
  });
  const isGoing = useRuns((runs) => {
    const run = ownRun(runs, documentId);
    return run !== null && !isOver(run.live);
  });
  const instead = useRuns((runs) => {
    const run = ownRun(runs, documentId);
    const ran = run?.report.languageModels.some(({ node }) => node === from) ?? false;
    return run && (ran || isGoing) ? whyNoAnswer(run) : 'Run the graph to read an answer';
  });
  const isRandom = useRuns((runs) => {
    const run = ownRun(runs, documentId);
    const model = run?.report.languageModels.find(({ node }) => node === from);
    return model?.hasRandomWeights ?? false;
  });
  const choices = useRuns((runs) => {
    const run = ownRun(runs, documentId);
    return run?.report.languageModels.find(({ node }) => node === from)?.choices ?? null;
  });
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // What is complete is read from its first line.
    if (place.current) place.current.scrollTop = isGoing ? place.current.scrollHeight : 0;
  }, [text, isGoing]);
  const isEmpty = text === '';
  return (
    <div className={styles['answer-row']} style={{ height: rowPx.answer }}>
      <div ref={place} className={`nowheel ${styles['answer']}`} data-empty={isEmpty || undefined}>
        {choices ? <ChoiceBars choices={choices} /> : text || instead}
      </div>
      <p className={styles['random']}>
        {isRandom && !isEmpty && 'Random weights: these words mean nothing.'}
      </p>
    </div>
  );
}
