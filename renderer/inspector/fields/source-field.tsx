/** The field of a picture or a clip: what is chosen, seen or dropped there, and why it was not taken. */
import { useState, type ReactNode } from 'react';
import type { ShownSource } from '#engine/contract/sources.ts';
import type { Media } from '#engine/node/wire.ts';
import { usePicture } from '#renderer/analysis/picture.ts';
import { takePicture } from '#renderer/files/pictures.ts';
import { Field } from '#renderer/parts/field.tsx';
import type { BoundParam } from './bound-param.ts';
import { chooseParam, resetToDefault } from './change-param.ts';
import { ProblemLines } from './problem-lines.tsx';
import { previewPx, SourcePreview } from './source-preview.tsx';
import styles from './image-field.module.css';

const unreadable = { image: 'image-unreadable', video: 'clip-unreadable' } as const;

interface SourceFieldProps<Source extends ShownSource> {
  readonly bound: BoundParam;
  readonly media: Media;
  readonly source: Source;
  /** What a dropped file is here. */
  readonly fromFile: (path: string) => Source;
  /** The ways to choose another. */
  readonly children: (choose: (next: Source) => void) => ReactNode;
}

export function SourceField<Source extends ShownSource>({
  bound,
  media,
  source,
  fromFile,
  children,
}: SourceFieldProps<Source>) {
  const { param, isChanged, problems, baseFolder } = bound;
  const picture = usePicture(source, baseFolder, previewPx);
  // The preview says itself why there is none.
  const others = problems.filter(({ code }) => picture?.ok !== false || code !== unreadable[media]);
  const [refusal, setRefusal] = useState<string | null>(null);
  const choose = (next: ShownSource): void => {
    setRefusal(null);
    chooseParam(bound, next);
  };
  const take = async (file: File): Promise<void> => {
    const taken = await takePicture(file);
    if (taken.ok) choose(fromFile(taken.value.path));
    else setRefusal(taken.problems[0]?.message ?? null);
  };
  return (
    <Field
      label={param.label}
      help={param.help}
      isGroup
      reason={refusal}
      problems={<ProblemLines problems={others} />}
      onReset={isChanged ? () => resetToDefault(bound) : null}
    >
      {(ids) => (
        <div role="group" aria-labelledby={ids.labelId} className={styles['picture']}>
          <SourcePreview
            media={media}
            source={source}
            picture={picture}
            onDropFile={(file) => void take(file)}
            onRemove={() => choose({ kind: 'none' })}
          />
          {children(choose)}
        </div>
      )}
    </Field>
  );
}
