/** The picture, or the first frame of the clip, that a node is given: seen, dropped, or taken away. */
import { X } from 'lucide-react';
import { useState, type DragEvent } from 'react';
import type { Picture } from '#engine/contract/file-service.ts';
import type { Problem } from '#engine/contract/problem.ts';
import { assertNever, type Outcome } from '#engine/contract/outcome.ts';
import type { ShownSource } from '#engine/contract/sources.ts';
import type { Media } from '#engine/node/wire.ts';
import { describeScene } from '#nodes/input/shapes-caption.ts';
import { drawScene } from '#nodes/input/shapes-scene.ts';
import { kindOfDropped } from '#renderer/files/dropped-file.ts';
import { IconButton } from '#renderer/parts/button.tsx';
import { LongName } from '#renderer/parts/long-name.tsx';
import styles from './image-field.module.css';

/** Twice the widest inspector, for dense screens. */
export const previewPx = 1024;

const words = {
  image: {
    none: 'No picture',
    empty: 'No picture. Drop one here.',
    waiting: 'Reading the picture…',
  },
  video: {
    none: 'No clip',
    empty: 'No clip. Drop an animated GIF or WebP here.',
    waiting: 'Reading the clip…',
  },
} as const satisfies Record<Media, object>;

interface PreviewProps {
  readonly media: Media;
  readonly source: ShownSource;
  /** Null while it is read. */
  readonly picture: Outcome<Picture> | null;
  readonly onDropFile: (file: File) => void;
  readonly onRemove: () => void;
}

/** Below it stands what may be done about what was not chosen. */
const reasonOf = ([problem]: readonly Problem[]): string | undefined =>
  problem?.code === 'place-unchosen' ? 'Not read before you allow it.' : problem?.message;

export function SourcePreview({ media, source, picture, onDropFile, onRemove }: PreviewProps) {
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
      {source.kind === 'none' && <p className={styles['empty']}>{words[media].empty}</p>}
      {source.kind !== 'none' && picture === null && (
        <p className={styles['waiting']}>{words[media].waiting}</p>
      )}
      {picture?.ok === false && <p className={styles['broken']}>{reasonOf(picture.problems)}</p>}
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
            label={words[media].none}
            className={styles['remove'] ?? ''}
            onClick={onRemove}
          />
        </figcaption>
      )}
    </figure>
  );
}

/** What a picture is called to those who do not see it. */
function wordsOf(source: ShownSource): string {
  switch (source.kind) {
    case 'none':
      return 'No picture';
    case 'file':
      return `Picture ${fileName(source.path)}`;
    case 'clip':
      return `First frame of ${fileName(source.path)}`;
    case 'sample':
      return `Sample ${source.name}`;
    case 'scene':
      return describeScene(drawScene(source.seed));
    case 'moving-scene':
      return `in motion, ${describeScene(drawScene(source.seed))}`;
    default:
      return assertNever(source);
  }
}

const fileName = (path: string): string => path.split(/[\\/]/).at(-1) ?? path;

function Caption({ source }: { readonly source: Exclude<ShownSource, { kind: 'none' }> }) {
  switch (source.kind) {
    case 'file':
    case 'clip':
      return <LongName name={fileName(source.path)} />;
    case 'sample':
      return <span>{source.name}</span>;
    case 'scene':
    case 'moving-scene':
      return (
        <span>
          Scene <span className="numbers">{source.seed}</span>: {wordsOf(source)}
        </span>
      );
    default:
      return assertNever(source);
  }
}
