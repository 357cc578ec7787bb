/** A measurement as a window follows it: started here, found under way, cancelled, refused. */
import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import type {
  Calibration,
  CalibrationRequest,
  CalibrationState,
} from '#engine/contract/calibration.ts';
import type { HostService } from '#engine/contract/host-service.ts';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import type { Services } from '#engine/contract/router.ts';
import { StateLog } from '#host/calibration/state-log.ts';
import { layLine } from '#renderer/connection/page-line.testing.ts';
import {
  calibrationStore,
  cancelCalibration,
  lookForCalibration,
  startCalibration,
} from './calibration-store.ts';

const calibration: Calibration = {
  machine: {
    platform: 'linux x64',
    cpu: 'A processor',
    cores: 8,
    threads: 4,
    memoryBytes: 16e9,
    node: '20.19.0',
    onnxRuntime: '1.30.0',
    patchbay: '0.1.0',
  },
  measuredAt: '2026-01-01T00:00:00.000Z',
  matrixFlopsPerSecond: { float32: 1e11, int8: 2e11, int4: 1.5e11, w8a8: 4e11 },
  memoryBytesPerSecond: 40e9,
  launchMicroseconds: 2,
};

const busy = error('machine-busy', 'A run goes on.');
const measuring = (share: number): CalibrationState => ({ is: 'measuring', share, what: 'memory' });

type Told = Pick<
  HostService,
  'calibration' | 'startCalibration' | 'calibrationStates' | 'cancelCalibration'
>;

/** The host of these stories: the test says how a measurement goes. */
class ToldHost implements Told {
  readonly log = new StateLog<CalibrationState>(({ is }) => is !== 'measuring');
  readonly requests: CalibrationRequest[] = [];
  known: Calibration | null = null;
  isBusy = false;

  calibration(): Promise<Calibration | null> {
    return Promise.resolve(this.known);
  }

  startCalibration(request: CalibrationRequest): Promise<Outcome<null>> {
    this.requests.push(request);
    if (this.isBusy) return Promise.resolve(fail(busy));
    this.log.enter(measuring(0));
    return Promise.resolve(ok(null));
  }

  calibrationStates(signal?: AbortSignal): AsyncGenerator<CalibrationState> {
    return this.log.follow(signal);
  }

  cancelCalibration(): Promise<Outcome<null>> {
    this.log.enter({ is: 'cancelled' });
    return Promise.resolve(ok(null));
  }
}

let host: ToldHost;
const shown = () => calibrationStore.getState();

beforeEach(() => {
  host = new ToldHost();
  const files = {} as Services['files'];
  const line = layLine({ host: host as unknown as HostService, files });
  for (const [name, value] of Object.entries(line.globals)) vi.stubGlobal(name, value);
  const kept = new Map([['patchbay-session', 'session']]);
  vi.stubGlobal('sessionStorage', { getItem: (key: string) => kept.get(key) ?? null });
  calibrationStore.setState({ calibration: undefined, going: null, problems: [] });
});
afterAll(() => vi.unstubAllGlobals());

test('a machine is measured from here, with how far it is, to its figures', async () => {
  await lookForCalibration();
  expect(shown().calibration).toBeNull();
  await startCalibration();
  expect(host.requests).toEqual([{}]);
  await vi.waitFor(() => expect(shown().going).toEqual(measuring(0)));
  host.log.enter(measuring(0.5));
  await vi.waitFor(() => expect(shown().going?.share).toBe(0.5));
  host.log.enter({ is: 'measured', calibration });
  await vi.waitFor(() => expect(shown()).toEqual({ calibration, going: null, problems: [] }));
});

test('a measurement that another window has begun is followed too', async () => {
  host.known = calibration;
  host.log.enter(measuring(0.3));
  await lookForCalibration();
  expect(shown().calibration).toEqual(calibration);
  await vi.waitFor(() => expect(shown().going?.share).toBe(0.3));
  host.log.enter({ is: 'measured', calibration: { ...calibration, launchMicroseconds: 3 } });
  await vi.waitFor(() => expect(shown().calibration?.launchMicroseconds).toBe(3));
});

test('what went wrong is said, until the next is begun; what was found before stays', async () => {
  host.known = calibration;
  await lookForCalibration();
  host.isBusy = true;
  await startCalibration();
  expect(shown()).toEqual({ calibration, going: null, problems: [busy] });

  host.isBusy = false;
  await startCalibration();
  await vi.waitFor(() => expect(shown()).toMatchObject({ going: measuring(0), problems: [] }));
  host.log.enter({ is: 'failed', problems: [busy] });
  await vi.waitFor(() => expect(shown()).toEqual({ calibration, going: null, problems: [busy] }));
});

test('one that was over before anybody looked is no news', async () => {
  host.log.enter({ is: 'failed', problems: [busy] });
  await lookForCalibration();
  await startCalibration();
  await vi.waitFor(() => expect(shown().going).not.toBeNull());
  expect(shown().problems).toEqual([]);
});

test('a measurement that is cancelled leaves nothing to be seen', async () => {
  await lookForCalibration();
  await startCalibration();
  await vi.waitFor(() => expect(shown().going).not.toBeNull());
  await cancelCalibration();
  await vi.waitFor(() => expect(shown()).toEqual({ calibration: null, going: null, problems: [] }));
});
