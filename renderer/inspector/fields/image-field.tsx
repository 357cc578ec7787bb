/** The picture a graph looks at: seen, dropped, chosen, or drawn. */
import { Dices, FolderOpen, X } from 'lucide-react';
import { useState, type DragEvent } from 'react';
import type { Picture } from '#engine/contract/file-service.ts';
import { assertNever, type Outcome } from '#engine/contract/outcome.ts';
import { imageSourceSchema, type ImageSource } from '#engine/contract/sources.ts';
import { describeScene } from '#nodes/input/shapes-caption.ts';
import { drawScene } from '#nodes/input/shapes-scene.ts';
import { usePicture } from '#renderer/analysis/picture.ts';
import { kindOfDropped } from '#renderer/files/dropped-file.ts';
import { choosePicture, takePicture } from '#renderer/files/pictures.ts';
import { Button, IconButton } from '#renderer/parts/button.tsx';
import { Field } from '#renderer/parts/field.tsx';
import { LongName } from '#renderer/parts/long-name.tsx';
import type { BoundParam } from './bound-param.ts';
import { chooseParam, resetToDefault } from './change-param.ts';
import { ProblemLines } from './problem-lines.tsx';
import { randomSeed } from './random-seed.ts';
import { SampleGrid } from './sample-grid.tsx';
import styles from './image-field.module.css';

/** Twice the widest inspector, for dense screens. */
const previewPx = 1024;

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
          <Preview
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

interface PreviewProps {
  readonly source: ImageSource;
  /** Null while it is read. */
  readonly picture: Outcome<Picture> | null;
  readonly onDropFile: (file: File) => void;
  readonly onRemove: () => void;
}

function Preview({ source, picture, onDropFile, onRemove }: PreviewProps) {
  const [isOver, setOver] = useState(false);
  const over = (event: DragEvent): void => {
    if (!event.dataTransfer.types.includes('Files')) return;
    event.preventDefault();
    setOver(true);
  };
  const drop = (event: DragEvent): void => {
    const file = event.dataTransfer.files[0];
    setOver(false);
    if (!file) return;
    const kind = kindOfDropped(file);
    // The window takes graphs, and says what it does not take.
    if (!kind.ok || kind.value !== 'picture') return;
    event.preventDefault();
    onDropFile(file);
  };
  return (
    <figure
      className={styles['preview']}
      data-over={isOver || undefined}
      onDragOver={over}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      {source.kind === 'none' && <p className={styles['empty']}>No picture. Drop one here.</p>}
      {source.kind !== 'none' && picture === null && (
        <p className={styles['waiting']}>Reading the picture…</p>
      )}
      {picture?.ok === false && <p className={styles['broken']}>{picture.problems[0]?.message}</p>}
      {picture?.ok === true && (
        <img
          className={styles['image']}
          src={picture.value.dataUrl}
          alt={wordsOf(source)}
          draggable={false}
        />
      )}
      {source.kind !== 'none' && (
        <figcaption className={styles['caption']}>
          <span className={styles['name']}>
            <Caption source={source} />
          </span>
          {picture?.ok === true && (
            <span className={`numbers ${styles['size']}`}>
              {picture.value.width} × {picture.value.height}
            </span>
          )}
          <IconButton
            icon={<X size={13} />}
            label="No picture"
            className={styles['remove'] ?? ''}
            onClick={onRemove}
          />
        </figcaption>
      )}
    </figure>
  );
}

/** What a picture is called to those who do not see it. */
function wordsOf(source: ImageSource): string {
  switch (source.kind) {
    case 'none':
      return 'No picture';
    case 'file':
      return `Picture ${fileName(source.path)}`;
    case 'sample':
      return `Sample ${source.name}`;
    case 'scene':
      return describeScene(drawScene(source.seed));
    default:
      return assertNever(source);
  }
}

const fileName = (path: string): string => path.split(/[\\/]/).at(-1) ?? path;

function Caption({ source }: { readonly source: Exclude<ImageSource, { kind: 'none' }> }) {
  switch (source.kind) {
    case 'file':
      return <LongName name={fileName(source.path)} />;
    case 'sample':
      return <span>{source.name}</span>;
    case 'scene':
      return (
        <span>
          Scene <span className="numbers">{source.seed}</span>: {wordsOf(source)}
        </span>
      );
    default:
      return assertNever(source);
  }
}
