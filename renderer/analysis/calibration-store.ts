/** What this machine was found to reach, and the measurement that goes on, be it of this window or of another. */
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import { assertNever } from '#engine/contract/outcome.ts';
import type { Calibration, CalibrationState } from '#engine/contract/calibration.ts';
import type { Problem } from '#engine/contract/problem.ts';
import { ask, askPlain, host } from '#renderer/connection/host-client.ts';

type Measuring = Extract<CalibrationState, { is: 'measuring' }>;

interface CalibrationView {
  /** Null where the machine has not been measured; undefined until that is known. */
  readonly calibration: Calibration | null | undefined;
  /** Null where none goes on. */
  readonly going: Measuring | null;
  /** Why the last measurement that was followed here came to nothing. */
  readonly problems: readonly Problem[];
}

export const calibrationStore = createStore<CalibrationView>(() => ({
  calibration: undefined,
  going: null,
  problems: [],
}));

export const useCalibration = (): CalibrationView => useStore(calibrationStore);

/** Asks what is known, and follows a measurement that goes on already. */
export async function lookForCalibration(): Promise<void> {
  calibrationStore.setState({ calibration: await askPlain(host.calibration.query(), null) });
  follow();
}

export async function startCalibration(): Promise<void> {
  calibrationStore.setState({ problems: [] });
  const started = await ask(host.startCalibration.mutate({}));
  if (started.ok) follow();
  else calibrationStore.setState({ problems: started.problems });
}

export async function cancelCalibration(): Promise<void> {
  const cancelled = await ask(host.cancelCalibration.mutate());
  if (!cancelled.ok) calibrationStore.setState({ problems: cancelled.problems });
}

let followed: { unsubscribe(): void } | null = null;

/** In place of what was followed before, which may have come too early for a measurement that has just begun. */
function follow(): void {
  followed?.unsubscribe();
  const subscription = host.calibrationStates.subscribe(undefined, {
    onData: (state) => {
      hear(state);
      if (state.is !== 'measuring') subscription.unsubscribe();
    },
    onError: () => calibrationStore.setState({ going: null }),
  });
  followed = subscription;
}

function hear(state: CalibrationState): void {
  const { going } = calibrationStore.getState();
  switch (state.is) {
    case 'measuring':
      return calibrationStore.setState({ going: state, problems: [] });
    case 'measured':
      return calibrationStore.setState({ going: null, calibration: state.calibration });
    case 'failed':
      // One that was over before anybody looked is no news.
      return calibrationStore.setState({ going: null, ...(going && { problems: state.problems }) });
    case 'cancelled':
      return calibrationStore.setState({ going: null });
    default:
      return assertNever(state);
  }
}
