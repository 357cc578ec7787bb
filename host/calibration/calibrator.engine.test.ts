/** This machine measured for real, in short: what is found, kept, refused and given up. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  calibrationSchema,
  type CalibrationRequest,
  type CalibrationState,
} from '#engine/contract/calibration.ts';
import { decoderGraph } from '../bin/graphs.testing.ts';
import { buildPrograms, engineEntry } from '../bin/patchbay-command.testing.ts';
import { startRun } from '../engine/followed-run.testing.ts';
import { LocalHost } from '../local-host.ts';
import { describeMachine } from '../system/machine.ts';
import { KeptCalibrations } from './kept-calibrations.ts';
import type { ProcessorTimes } from '../system/processor-load.ts';

const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-calibrator-'));
process.env['PATCHBAY_CACHE'] = join(folder, 'cache');
const kept = new KeptCalibrations(join(folder, 'data'));

/** Each look finds a second later, of which others took this share. */
function othersTake(share: number): () => ProcessorTimes {
  let seconds = 0;
  return () => {
    seconds++;
    // Whatever the measurement takes itself is far less.
    return { busyMs: seconds * share * 1e9, totalMs: seconds * 1e9 };
  };
}

const open: LocalHost[] = [];
function hostWhere(share: number, entry = engineEntry): LocalHost {
  const host = new LocalHost(entry, { kept, look: othersTake(share) });
  open.push(host);
  return host;
}

/** Of the measurement that goes on, up to its end. */
async function statesOf(host: LocalHost): Promise<readonly CalibrationState[]> {
  const states: CalibrationState[] = [];
  for await (const state of host.calibrationStates()) states.push(state);
  return states;
}

const short: CalibrationRequest = { secondsAtMost: 1 };

async function measured(host: LocalHost, request = short): Promise<readonly CalibrationState[]> {
  expect(await host.startCalibration(request)).toEqual({ ok: true, value: null });
  return statesOf(host);
}

beforeAll(buildPrograms);
afterAll(async () => {
  for (const host of open) await host.close();
  await rm(folder, { recursive: true });
});

test('a machine that rests is measured, step by step, and known from then on', async () => {
  const host = hostWhere(0.02);
  expect(await host.calibration()).toBeNull();
  const states = await measured(host);
  const shares = states.flatMap((state) => (state.is === 'measuring' ? [state.share] : []));
  expect(shares).toEqual(shares.toSorted((a, b) => a - b));
  expect(shares.length).toBeGreaterThan(5);
  const end = states.at(-1);
  if (end?.is !== 'measured') throw new Error(JSON.stringify(end));

  const { calibration } = end;
  expect(calibrationSchema.parse(calibration)).toEqual(calibration);
  expect(calibration.machine).toEqual(describeMachine());
  const { float32, int8, int4, w8a8 } = calibration.matrixFlopsPerSecond;
  for (const rate of [float32, int8, int4, w8a8]) expect(rate).toBeGreaterThan(1e6);
  expect(calibration.memoryBytesPerSecond).toBeGreaterThan(1e6);
  expect(calibration.launchMicroseconds).toBeGreaterThan(0);
  expect(calibration.launchMicroseconds).toBeLessThan(1000);

  expect(await host.calibration()).toEqual(calibration);
  expect(await hostWhere(0).calibration()).toEqual(calibration);
  // Whoever comes late is told how it ended.
  expect(await statesOf(host)).toEqual([end]);
});

test('a busy machine is refused in a sentence, and what was found before stays', async () => {
  const before = await kept.find(describeMachine());
  expect(before).not.toBeNull();
  const host = hostWhere(0.34);
  expect((await measured(host)).at(-1)).toEqual({
    is: 'failed',
    problems: [
      expect.objectContaining({
        code: 'machine-busy',
        message: expect.stringMatching(/^Other programs took 3[34]% of the processors/),
      }),
    ],
  });
  expect(await host.calibration()).toEqual(before);
  expect((await measured(host, { ...short, othersShareAtMost: 1 })).at(-1)?.is).toBe('measured');
  expect((await host.calibration())?.measuredAt).not.toBe(before?.measuredAt);
});

test('neither is measured beside a run, nor run beside a measurement, which can be cancelled', async () => {
  const host = hostWhere(0);
  const run = await startRun(host, decoderGraph({}));
  expect(await host.startCalibration(short)).toMatchObject({
    ok: false,
    problems: [{ code: 'machine-busy', message: expect.stringContaining('A run goes on') }],
  });
  expect(await run.last()).toEqual({ type: 'run-finished' });

  expect(await host.startCalibration({ secondsAtMost: 60 })).toMatchObject({ ok: true });
  const states = statesOf(host);
  const refused = { ok: false, problems: [{ code: 'machine-busy' }] };
  expect(await host.startCalibration(short)).toMatchObject(refused);
  expect(await host.startRun({ document: decoderGraph({}), runs: 1 })).toMatchObject(refused);
  expect(await host.cancelCalibration()).toEqual({ ok: true, value: null });
  expect((await states).at(-1)).toEqual({ is: 'cancelled' });
  expect(await (await startRun(host, decoderGraph({}))).last()).toEqual({ type: 'run-finished' });
});

test('a process that ends before it has measured says so', async () => {
  const host = hostWhere(0, join(folder, 'nowhere', 'engine-process.js'));
  expect((await measured(host)).at(-1)).toMatchObject({
    is: 'failed',
    problems: [{ code: 'engine-died', message: expect.stringMatching(/measure it again\.$/) }],
  });
});

test('nothing of what was measured stays but the figures', async () => {
  expect(await readdir(join(folder, 'data'))).toEqual(['calibrations.json']);
});
