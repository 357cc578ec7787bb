/** Lets files be dropped anywhere on the window, and says so while they are held over it. */
import { useEffect, useState } from 'react';
import { error } from '#engine/contract/problem.ts';
import { tellProblems, tell } from '#renderer/notices/notices.ts';
import { isOverlayOpen } from '#renderer/overlay/overlay.ts';
import { takeFiles } from './take-files.ts';
import styles from './file-drop.module.css';

export function FileDrop() {
  const isHeld = useFileDrop();
  if (!isHeld) return null;
  return (
    <div className={styles['hint']} role="status">
      <div className={styles['words']}>
        <p className={styles['title']}>Drop to open</p>
        <p className={styles['about']}>
          A graph opens beside the others. A picture becomes what the graph looks at.
        </p>
      </div>
    </div>
  );
}

const holdsFiles = ({ dataTransfer }: DragEvent): boolean =>
  dataTransfer?.types.includes('Files') ?? false;

/** Are files being held over the window? A drop that a part of the page has taken for itself is left to it. */
function useFileDrop(): boolean {
  const [isHeld, setHeld] = useState(false);
  useEffect(() => {
    // A picture of the page that is dragged counts as a file in some browsers.
    let isOwn = false;
    const start = (): void => {
      isOwn = true;
    };
    const end = (): void => {
      isOwn = false;
    };
    const enter = (event: DragEvent): void => {
      if (holdsFiles(event) && !isOwn) setHeld(true);
    };
    const over = (event: DragEvent): void => {
      // Else the browser would leave the page for the file.
      if (holdsFiles(event) && !isOwn) event.preventDefault();
    };
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setHeld(false);
    };
    const drop = (event: DragEvent): void => {
      setHeld(false);
      if (!holdsFiles(event) || isOwn || event.defaultPrevented) return;
      event.preventDefault();
      take(event);
    };
    const left = new AbortController();
    const { signal } = left;
    window.addEventListener('dragstart', start, { signal });
    window.addEventListener('dragend', end, { signal });
    window.addEventListener('dragenter', enter, { signal });
    window.addEventListener('dragover', over, { signal });
    window.addEventListener('dragleave', leave, { signal });
    window.addEventListener('drop', drop, { signal });
    return () => left.abort();
  }, []);
  return isHeld;
}

function take({ dataTransfer }: DragEvent): void {
  if (isOverlayOpen()) return tell('Answer the dialog first, then drop the file again.');
  const folder = [...(dataTransfer?.items ?? [])]
    .map((item) => item.webkitGetAsEntry())
    .find((entry) => entry?.isDirectory);
  if (folder) {
    const message = `${folder.name} is a folder; drop a graph or a picture, or choose a folder of weights in the inspector.`;
    return tellProblems([error('file-unreadable', message)]);
  }
  void takeFiles([...(dataTransfer?.files ?? [])]);
}
