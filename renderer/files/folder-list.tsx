/** What is in the folder that a file dialog shows, to be walked by pointer and by keyboard. */
import { Box, File, Folder, Image, Workflow } from 'lucide-react';
import { useEffect, useRef, type KeyboardEvent } from 'react';
import type { FolderEntry } from '#engine/contract/file-service.ts';
import { formatBytes } from '#engine/contract/format.ts';
import { LongName } from '#renderer/parts/long-name.tsx';
import type { PathRequest } from '#renderer/overlay/path-request.ts';
import { fileDate } from './file-date.ts';
import { isAbsolutePath } from './file-names.ts';
import { isFolder, type ShownEntries } from './folder-entries.ts';
import styles from './file-dialog.module.css';

interface FolderListProps extends ShownEntries {
  readonly problem: string | null;
  readonly isSlow: boolean;
  readonly isShortened: boolean;
  readonly purpose: PathRequest['purpose'];
  readonly typed: string;
  /** Path of the row that Enter takes. */
  readonly active: string | null;
  readonly onActivate: (entry: FolderEntry) => void;
  readonly onEnter: (entry: FolderEntry) => void;
  readonly onKey: (event: KeyboardEvent) => void;
}

export function FolderList(props: FolderListProps) {
  const { entries, active, problem, isSlow, onActivate, onEnter, onKey } = props;
  const index = entries.findIndex(({ path }) => path === active);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.children[index]?.scrollIntoView({ block: 'nearest' });
  }, [index]);
  return (
    <div className={styles['listing']}>
      {isSlow && <progress className={styles['progress']} aria-label="Reading the folder" />}
      {problem !== null && (
        <p className={styles['problem']} role="alert">
          {problem}
        </p>
      )}
      <div
        ref={list}
        className={styles['list']}
        role="listbox"
        aria-label="Files"
        tabIndex={0}
        aria-activedescendant={index < 0 ? undefined : `entry-${index}`}
        onKeyDown={onKey}
      >
        {entries.map((entry, place) => (
          <div
            key={entry.path}
            id={`entry-${place}`}
            role="option"
            aria-selected={entry.path === active}
            className={styles['entry']}
            onClick={() => onActivate(entry)}
            onDoubleClick={() => onEnter(entry)}
          >
            <EntryIcon kind={entry.kind} />
            <LongName name={entry.name} className={styles['entryName'] ?? ''} />
            <span className={styles['kind']}>{entry.kind === 'checkpoint' && 'checkpoint'}</span>
            <span className="numbers">{!isFolder(entry) && formatBytes(entry.sizeBytes)}</span>
            <span className="numbers">{fileDate(entry.modifiedAt)}</span>
          </div>
        ))}
      </div>
      {entries.length === 0 && problem === null && !isSlow && (
        <p className={styles['empty']}>{emptyText(props)}</p>
      )}
      <p className={styles['rest']}>{restText(props)}</p>
    </div>
  );
}

const wanted = {
  'open-graph': 'No graphs here',
  'save-graph': 'No graphs here',
  picture: 'No pictures here',
  clip: 'No clips here',
  folder: 'No folders here',
} as const;

function emptyText({ purpose, typed }: FolderListProps): string {
  if (isAbsolutePath(typed.trim())) return `Enter leads to ${typed.trim()}`;
  return typed === '' ? wanted[purpose] : `Nothing here is called “${typed}”`;
}

/** What is not in the list. */
function restText({ leftOut, isShortened }: FolderListProps): string {
  const others = leftOut === 1 ? '1 other file' : `${leftOut} other files`;
  const parts = [
    ...(leftOut > 0 ? [`${others} not shown`] : []),
    ...(isShortened
      ? ['only the first of many are listed; type a whole path to reach another']
      : []),
  ];
  return parts.join(' · ');
}

const icons = {
  folder: Folder,
  checkpoint: Box,
  graph: Workflow,
  picture: Image,
  file: File,
} as const;

function EntryIcon({ kind }: { readonly kind: FolderEntry['kind'] }) {
  const Icon = icons[kind];
  return <Icon size={15} className={styles[`icon-${kind}`]} aria-hidden />;
}
