/** The machine that estimates are made for: this one, or one that is only described. */
import { useEffect, useMemo } from 'react';
import { useStore } from 'zustand';
import {
  describedMachine,
  targetOf,
  targetOfCalibration,
} from '#engine/estimate/described-machines.ts';
import type { DescribedMachine } from '#engine/contract/described-machine.ts';
import type { MachineRates } from '#engine/contract/calibration.ts';
import { useView } from '#renderer/view/view-store.ts';
import { calibrationStore, lookForCalibration } from './calibration-store.ts';

export interface Target {
  /** Null for this machine. */
  readonly described: DescribedMachine | null;
  /** Null where this machine has not been measured, or as long as that is not known. */
  readonly rates: MachineRates | null;
}

export function useTarget(): Target {
  const id = useView(({ machine }) => machine);
  // Of a measurement that goes on, only its end matters here.
  const calibration = useStore(calibrationStore, (known) => known.calibration);
  return useMemo(() => {
    // None is chosen, or one that this version does not know.
    const described = (id === null ? undefined : describedMachine(id)) ?? null;
    if (described) return { described, rates: targetOf(described).rates };
    return { described: null, rates: calibration ? targetOfCalibration(calibration).rates : null };
  }, [id, calibration]);
}

/** Asks once in the window whether this machine has been measured. */
export function useKnownCalibration(): void {
  useEffect(() => void lookForCalibration(), []);
}
