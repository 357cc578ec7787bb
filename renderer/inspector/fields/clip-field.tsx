/** The clip a graph looks at: its first frame, and where it lies, or that it is drawn. */
import { Dices, Film, FolderOpen } from 'lucide-react';
import { clipSourceSchema, type ClipSource } from '#engine/contract/sources.ts';
import { chooseFolder, choosePath } from '#renderer/files/choose-path.ts';
import { Button } from '#renderer/parts/button.tsx';
import type { BoundParam } from './bound-param.ts';
import { randomSeed } from './random-seed.ts';
import { SourceField } from './source-field.tsx';
import styles from './image-field.module.css';

const clipAt = (path: string): ClipSource => ({ kind: 'clip', path });

export function ClipField({ bound }: { readonly bound: BoundParam }) {
  const parsed = clipSourceSchema.safeParse(bound.value);
  const source: ClipSource = parsed.success ? parsed.data : { kind: 'none' };
  return (
    <SourceField bound={bound} media="video" source={source} fromFile={clipAt}>
      {(choose) => {
        const take = async (asked: Promise<string | null>): Promise<void> => {
          const path = await asked;
          if (path !== null) choose(clipAt(path));
        };
        return (
          <div className={styles['buttons']}>
            <Button
              onClick={() => void take(choosePath({ purpose: 'clip', title: 'Choose a clip' }))}
            >
              <Film size={14} />
              Choose file
            </Button>
            <Button onClick={() => void take(chooseFolder('Choose a folder of frames'))}>
              <FolderOpen size={14} />
              Choose folder
            </Button>
            <Button onClick={() => choose({ kind: 'moving-scene', seed: randomSeed() })}>
              <Dices size={14} />
              Draw scene
            </Button>
          </div>
        );
      }}
    </SourceField>
  );
}
