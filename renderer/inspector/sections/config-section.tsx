/** Fills a node without weights from the checkpoint whose model it is a part of. */
import { FolderOpen } from 'lucide-react';
import { useState } from 'react';
import { chooseFolder } from '#renderer/files/choose-path.ts';
import { likelyFolders } from '#renderer/inspector/fields/checkpoint-folders.ts';
import { fillFromFolder } from '#renderer/inspector/fields/fill-from-folder.ts';
import { LikelyFolders } from '#renderer/inspector/fields/likely-folders.tsx';
import { Button } from '#renderer/parts/button.tsx';
import type { OpenDocument } from '#renderer/workspace/open-document.ts';
import styles from './panel.module.css';

interface ConfigSectionProps {
  readonly open: OpenDocument;
  readonly node: string;
}

export function ConfigSection({ open, node }: ConfigSectionProps) {
  const [said, setSaid] = useState<readonly string[]>([]);
  const take = async (folder: string): Promise<void> => {
    const filling = {
      documentId: open.id,
      baseFolder: open.file?.folder,
      nodes: [node],
      folder,
      label: 'Fill from a checkpoint',
      isWanted: ({ nodes }: OpenDocument['document']) => Object.hasOwn(nodes, node),
    };
    setSaid(await fillFromFolder(filling));
  };
  const choose = async (): Promise<void> => {
    const chosen = await chooseFolder('Choose a checkpoint folder');
    if (chosen !== null) await take(chosen);
  };
  return (
    <section className={styles['section']} aria-label="From a checkpoint">
      <h3 className={styles['heading']}>From a checkpoint</h3>
      <Button onClick={() => void choose()}>
        <FolderOpen size={15} /> Fill from a folder…
      </Button>
      <LikelyFolders
        folders={likelyFolders(open.document, [node], null)}
        onChoose={(folder) => void take(folder)}
      />
      <p className={styles['quiet']} role="status">
        {said.join(' ')}
      </p>
    </section>
  );
}
