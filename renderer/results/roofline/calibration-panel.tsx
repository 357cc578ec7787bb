/** Has this machine measured: what that is for, how far it is, and why it came to nothing. */
import { Button } from '#renderer/parts/button.tsx';
import { ProgressBar } from '#renderer/parts/progress-bar.tsx';
import noRun from '#renderer/results/status/no-run.module.css';
import {
  cancelCalibration,
  startCalibration,
  useCalibration,
} from '#renderer/analysis/calibration-store.ts';
import styles from './calibration-panel.module.css';

export function CalibrationPanel() {
  return (
    <div className={noRun['none']}>
      <h3>This machine has not been measured</h3>
      <p>
        Measured once, it says how fast it multiplies in each precision, how fast it reads memory
        and what starting an operator costs. Every stage is then held against that, with what bounds
        it.
      </p>
      <Measuring title="Measure this machine (about a minute)" />
    </div>
  );
}

/** The button, or in its place how far the measurement is; below it why the last one came to nothing. */
export function Measuring({ title, isQuiet }: { readonly title: string; readonly isQuiet?: true }) {
  const { going, problems } = useCalibration();
  return (
    <div className={styles['measuring']}>
      {going ? (
        <div className={styles['going']}>
          <ProgressBar
            label="Measuring this machine"
            share={going.share}
            className={styles['bar'] ?? ''}
          />
          <span className={styles['what']}>Measuring: {going.what}</span>
          <Button weight="quiet" onClick={() => void cancelCalibration()}>
            Cancel measuring
          </Button>
        </div>
      ) : (
        <Button weight={isQuiet ? 'quiet' : 'primary'} onClick={() => void startCalibration()}>
          {title}
        </Button>
      )}
      {problems.length > 0 && (
        <p className={styles['problem']} role="alert">
          {problems.map(({ message }) => message).join(' ')}
        </p>
      )}
    </div>
  );
}
