/** The picture a graph looks at: seen, dropped, chosen, or drawn. */
import { Dices, FolderOpen } from 'lucide-react';
import { useState } from 'react';
import { imageSourceSchema, type ImageSource } from '#engine/contract/sources.ts';
import { usePicture } from '#renderer/analysis/picture.ts';
import { choosePicture, takePicture } from '#renderer/files/pictures.ts';
import { Button } from '#renderer/parts/button.tsx';
import { Field } from '#renderer/parts/field.tsx';
import type { BoundParam } from './bound-param.ts';
import { chooseParam, resetToDefault } from './change-param.ts';
import { ProblemLines } from './problem-lines.tsx';
import { randomSeed } from './random-seed.ts';
import { SampleGrid } from './sample-grid.tsx';
import { previewPx, SourcePreview } from './source-preview.tsx';
import styles from './image-field.module.css';

export function ImageField({ bound }: { readonly bound: BoundParam }) {
  const { param, value, isChanged, problems, baseFolder } = bound;
  const parsed = imageSourceSchema.safeParse(value);
  const source: ImageSource = parsed.success ? parsed.data : { kind: 'none' };
  const picture = usePicture(source, baseFolder, previewPx);
  // The preview says itself why there is none.
  const others = problems.filter(
    ({ code }) => picture?.ok !== false || code !== 'image-unreadable',
  );
  const [refusal, setRefusal] = useState<string | null>(null);
  const choose = (next: ImageSource): void => {
    setRefusal(null);
    chooseParam(bound, next);
  };
  const take = async (file: File): Promise<void> => {
    const taken = await takePicture(file);
    if (taken.ok) choose(taken.value);
    else setRefusal(taken.problems[0]?.message ?? null);
  };
  const ask = async (): Promise<void> => {
    const chosen = await choosePicture();
    if (chosen) choose(chosen);
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
            media="image"
            source={source}
            picture={picture}
            onDropFile={(file) => void take(file)}
            onRemove={() => choose({ kind: 'none' })}
          />
          <div className={styles['buttons']}>
            <Button onClick={() => void ask()}>
              <FolderOpen size={14} />
              Choose file
            </Button>
            <Button onClick={() => choose({ kind: 'scene', seed: randomSeed() })}>
              <Dices size={14} />
              Draw scene
            </Button>
          </div>
          <SampleGrid
            chosen={source.kind === 'sample' ? source.name : null}
            onChoose={(name) => choose({ kind: 'sample', name })}
          />
        </div>
      )}
    </Field>
  );
}
