/** How far an export is, and the way to end it. */
import { Button } from '#renderer/parts/button.tsx';
import { Dialog } from '#renderer/parts/dialog.tsx';
import { ProgressBar } from '#renderer/parts/progress-bar.tsx';
import { cancelExport, useModelExport } from './model-export.ts';
import styles from './export-dialog.module.css';

export function ExportDialog() {
  const now = useModelExport();
  const cancel = (): void => void cancelExport();
  return (
    <Dialog
      title="Export ONNX models"
      about={now ? `To ${now.folder}` : 'It is over.'}
      width={480}
      onClose={cancel}
      foot={<Button onClick={cancel}>Cancel</Button>}
    >
      <p className={`numbers ${styles['words']}`}>{now?.words ?? 'Done'}</p>
      <ProgressBar label="Written" share={now?.share ?? null} className={styles['bar'] ?? ''} />
    </Dialog>
  );
}
