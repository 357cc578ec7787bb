/** Glyph, title and type of the node that is looked at. */
import { StepForward } from 'lucide-react';
import type { CheckedNode } from '#engine/graph/check.ts';
import { runCommand, titleWithKeys } from '#renderer/commands/commands.ts';
import { IconButton } from '#renderer/parts/button.tsx';
import { Glyph } from '#renderer/parts/glyph.tsx';
import { edit, sealStep } from '#renderer/workspace/workspace-store.ts';
import { takeBackTyping } from '#renderer/inspector/fields/change-param.ts';
import { TitleField } from '#renderer/inspector/fields/title-field.tsx';
import styles from './node-heading.module.css';

interface NodeHeadingProps {
  readonly documentId: string;
  readonly node: CheckedNode;
}

export function NodeHeading({ documentId, node: { id, node, definition } }: NodeHeadingProps) {
  const mergeKey = `set-title:${id}`;
  const rename = (title: string): void => {
    const given = title === '' ? null : title;
    edit('Rename', [{ type: 'set-title', id, title: given }], mergeKey);
  };
  return (
    <header className={styles['head']}>
      <Glyph family={definition?.family ?? null} />
      <div className={styles['names']}>
        <TitleField
          label="Title of the node"
          title={node.title ?? ''}
          placeholder={definition?.title ?? node.type}
          onChange={rename}
          onSettle={sealStep}
          onTakeBack={() => takeBackTyping(documentId, mergeKey)}
        />
        <p className={`numbers ${styles['type']}`}>{node.type}</p>
      </div>
      {definition !== null && definition.body.kind !== 'part' && (
        <IconButton
          icon={<StepForward size={15} />}
          label={titleWithKeys('run.until')}
          onClick={() => runCommand('run.until')}
        />
      )}
    </header>
  );
}
