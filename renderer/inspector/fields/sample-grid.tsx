/** The pictures that come with Patchbay, small, to choose one. */
import { useEffect, useState } from 'react';
import type { Sample } from '#engine/contract/file-service.ts';
import { usePicture } from '#renderer/analysis/picture.ts';
import { askPlain, host } from '#renderer/connection/host-client.ts';
import { Button } from '#renderer/parts/button.tsx';
import { Hint } from '#renderer/parts/hint.tsx';
import styles from './sample-grid.module.css';

interface SampleGridProps {
  readonly chosen: string | null;
  readonly onChoose: (name: string) => void;
}

export function SampleGrid({ chosen, onChoose }: SampleGridProps) {
  const [samples, setSamples] = useState<readonly Sample[] | 'asked' | 'failed'>(
    () => known ?? 'asked',
  );
  useEffect(() => {
    if (samples !== 'asked') return undefined;
    let left = false;
    const wait = async (): Promise<void> => {
      const answer = await listSamples();
      if (!left) setSamples(answer ?? 'failed');
    };
    void wait();
    return () => {
      left = true;
    };
  }, [samples]);
  if (samples === 'asked') return null;
  if (samples === 'failed')
    return (
      <p className={styles['failed']}>
        The samples could not be listed, since the engine server did not answer.
        <Button onClick={() => setSamples('asked')}>Try again</Button>
      </p>
    );
  return (
    <ul className={styles['grid']} aria-label="Samples">
      {samples.map((sample) => (
        <li key={sample.name}>
          <SampleButton sample={sample} isChosen={sample.name === chosen} onChoose={onChoose} />
        </li>
      ))}
    </ul>
  );
}

/** They never change while the page is open. */
let known: readonly Sample[] | null = null;

async function listSamples(): Promise<readonly Sample[] | null> {
  known ??= await askPlain<readonly Sample[] | null>(host.files.samples.query(), null);
  return known;
}

interface SampleButtonProps {
  readonly sample: Sample;
  readonly isChosen: boolean;
  readonly onChoose: (name: string) => void;
}

/** Twice the side of a button, for dense screens. */
const thumbnailPx = 144;

function SampleButton({ sample: { name, title }, isChosen, onChoose }: SampleButtonProps) {
  const picture = usePicture({ kind: 'sample', name }, undefined, thumbnailPx);
  return (
    <Hint text={title}>
      <button
        type="button"
        className={styles['sample']}
        aria-label={title}
        aria-pressed={isChosen}
        onClick={() => onChoose(name)}
      >
        {picture?.ok === true && (
          <img
            className={styles['thumbnail']}
            src={picture.value.dataUrl}
            alt=""
            draggable={false}
          />
        )}
      </button>
    </Hint>
  );
}
