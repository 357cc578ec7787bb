/** The picture a graph looks at: seen, dropped, chosen, or drawn. */
import { Dices, FolderOpen } from 'lucide-react';
import { imageSourceSchema, type ImageSource } from '#engine/contract/sources.ts';
import { choosePicture } from '#renderer/files/pictures.ts';
import { Button } from '#renderer/parts/button.tsx';
import type { BoundParam } from './bound-param.ts';
import { randomSeed } from './random-seed.ts';
import { SampleGrid } from './sample-grid.tsx';
import { SourceField } from './source-field.tsx';
import styles from './image-field.module.css';

const pictureAt = (path: string): ImageSource => ({ kind: 'file', path });

export function ImageField({ bound }: { readonly bound: BoundParam }) {
  const parsed = imageSourceSchema.safeParse(bound.value);
  const source: ImageSource = parsed.success ? parsed.data : { kind: 'none' };
  return (
    <SourceField bound={bound} media="image" source={source} fromFile={pictureAt}>
      {(choose) => {
        const ask = async (): Promise<void> => {
          const chosen = await choosePicture();
          if (chosen) choose(chosen);
        };
        return (
          <>
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
          </>
        );
      }}
    </SourceField>
  );
}
