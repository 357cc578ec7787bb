/** The graphs that a person worked on last. */
import { X } from 'lucide-react';
import { useId } from 'react';
import type { RecentFile } from '#engine/contract/file-service.ts';
import { fileDate } from '#renderer/files/file-date.ts';
import { folderOf, titleOfFile } from '#renderer/files/file-names.ts';
import { openPath } from '#renderer/files/open-graph.ts';
import { forgetRecentFile, useRecentFiles } from '#renderer/files/recent-files.ts';
import { isNamedAs } from '#renderer/files/title-for-file.ts';
import { IconButton } from '#renderer/parts/button.tsx';
import { LongName } from '#renderer/parts/long-name.tsx';
import styles from './gallery.module.css';

export function RecentList() {
  const files = useRecentFiles();
  return (
    <section className={styles['recent']} aria-labelledby="recent-title">
      <h2 id="recent-title" className={styles['sectionTitle']}>
        Recent files
      </h2>
      {files.length === 0 ? (
        <p className={styles['none']}>Graphs that you save or open are listed here.</p>
      ) : (
        <ul>
          {files.map((file) => (
            <Recent key={file.path} file={file} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Recent({ file: { path, title, usedAt } }: { readonly file: RecentFile }) {
  const placeId = useId();
  const folder = folderOf(path);
  return (
    <li className={styles['recentRow']}>
      <button
        type="button"
        className={`${styles['open']} ${styles['recentFile']}`}
        aria-label={`Open ${title}`}
        aria-describedby={placeId}
        onClick={() => void openPath(path)}
      >
        <LongName name={title} />
      </button>
      <p className={styles['recentPlace']} id={placeId}>
        <LongName name={isNamedAs(title, path) ? folder : `${titleOfFile(path)} in ${folder}`} />
        <span className="numbers">{fileDate(usedAt)}</span>
      </p>
      <IconButton
        className={styles['forget'] ?? ''}
        icon={<X size={14} />}
        label={`Take ${title} off this list`}
        onClick={() => void forgetRecentFile(path)}
      />
    </li>
  );
}
