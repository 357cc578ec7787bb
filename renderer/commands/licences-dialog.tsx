/** Whose work is in Patchbay, and under which licences: what the build found in the packages themselves. */
import { useEffect, useState } from 'react';
import { Dialog } from '#renderer/parts/dialog.tsx';
import { closeOverlay } from '#renderer/overlay/overlay.ts';
import styles from './licences-dialog.module.css';

const place = '/third-party-notices.txt';
const missing = `The licences cannot be read; they are in the file ${place.slice(1)} of Patchbay’s package.`;

export function LicencesDialog() {
  const notices = useNotices();
  return (
    <Dialog title="Third-party licences" width={640} onClose={closeOverlay}>
      {/* Focused, so that the arrows scroll. */}
      <div className={styles['notices']} tabIndex={0} aria-busy={notices === null}>
        {notices?.split(betweenLicences).map((notice) => (
          <Notice key={notice} notice={notice} />
        ))}
      </div>
    </Dialog>
  );
}

/** The line of dashes that the file has. */
const betweenLicences = /\n-{80}\n/;

/** Which packages, and after an empty line what their licence says. */
function Notice({ notice }: { readonly notice: string }) {
  const [packages = '', ...text] = notice.trim().split('\n\n');
  return (
    <section className={styles['notice']}>
      <pre className={styles['packages']}>{packages}</pre>
      <pre>{text.join('\n\n')}</pre>
    </section>
  );
}

/** Null until they are there. */
function useNotices(): string | null {
  const [text, setText] = useState<string | null>(null);
  useEffect(() => {
    const reading = new AbortController();
    void (async () => {
      const read = await readNotices(reading.signal);
      if (!reading.signal.aborted) setText(read);
    })();
    return () => reading.abort();
  }, []);
  return text;
}

async function readNotices(signal: AbortSignal): Promise<string> {
  try {
    const answer = await fetch(place, { signal });
    return answer.ok ? await answer.text() : missing;
  } catch {
    return missing;
  }
}
