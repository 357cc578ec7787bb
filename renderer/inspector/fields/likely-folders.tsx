/** Checkpoint folders that may be meant, each a press away. */
import { LongName } from '#renderer/parts/long-name.tsx';
import { builtinName } from './checkpoint-folders.ts';
import styles from './likely-folders.module.css';

interface LikelyFoldersProps {
  readonly folders: readonly string[];
  readonly onChoose: (folder: string) => void;
}

export function LikelyFolders({ folders, onChoose }: LikelyFoldersProps) {
  if (folders.length === 0) return null;
  return (
    <ul className={styles['likely']} aria-label="Folders that may fit">
      {folders.map((folder) => {
        const builtin = builtinName(folder);
        const name = builtin === null ? folder : `the built-in ${builtin}`;
        return (
          <li key={folder}>
            <button type="button" className={styles['folder']} onClick={() => onChoose(folder)}>
              Use&nbsp;
              <LongName name={name} />
            </button>
          </li>
        );
      })}
    </ul>
  );
}
