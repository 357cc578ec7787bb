/** The clip a graph looks at: its first frame, and where it lies. */
import { Film, FolderOpen } from 'lucide-react';
import { useState } from 'react';
import { clipSourceSchema, type ClipSource } from '#engine/contract/sources.ts';
import { usePicture } from '#renderer/analysis/picture.ts';
import { chooseFolder, choosePath } from '#renderer/files/choose-path.ts';
import { takePicture } from '#renderer/files/pictures.ts';
import { Button } from '#renderer/parts/button.tsx';
import { Field } from '#renderer/parts/field.tsx';
import type { BoundParam } from './bound-param.ts';
import { chooseParam, resetToDefault } from './change-param.ts';
import { ProblemLines } from './problem-lines.tsx';
import { previewPx, SourcePreview } from './source-preview.tsx';
import styles from './image-field.module.css';

export function ClipField({ bound }: { readonly bound: BoundParam }) {
  const { param, value, isChanged, problems, baseFolder } = bound;
  const parsed = clipSourceSchema.safeParse(value);
  const source: ClipSource = parsed.success ? parsed.data : { kind: 'none' };
  const picture = usePicture(source, baseFolder, previewPx);
  // The preview says itself why there is none.
  const others = problems.filter(({ code }) => picture?.ok !== false || code !== 'clip-unreadable');
  const [refusal, setRefusal] = useState<string | null>(null);
  const choose = (next: ClipSource): void => {
    setRefusal(null);
    chooseParam(bound, next);
  };
  const choosePlace = (path: string | null): void => {
    if (path !== null) choose({ kind: 'clip', path });
  };
  const take = async (file: File): Promise<void> => {
    const taken = await takePicture(file);
    if (!taken.ok) setRefusal(taken.problems[0]?.message ?? null);
    else if (taken.value.kind === 'file') choosePlace(taken.value.path);
  };
  const askFile = async (): Promise<void> =>
    choosePlace(await choosePath({ purpose: 'clip', title: 'Choose a clip' }));
  const askFolder = async (): Promise<void> =>
    choosePlace(await chooseFolder('Choose a folder of frames'));
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
            media="video"
            source={source}
            picture={picture}
            onDropFile={(file) => void take(file)}
            onRemove={() => choose({ kind: 'none' })}
          />
          <div className={styles['buttons']}>
            <Button onClick={() => void askFile()}>
              <Film size={14} />
              Choose file
            </Button>
            <Button onClick={() => void askFolder()}>
              <FolderOpen size={14} />
              Choose folder
            </Button>
          </div>
        </div>
      )}
    </Field>
  );
}
