import { expect, test } from 'vitest';
import { sampleReport, sampleStage } from './sample-report.testing.ts';
import { memoryBars, memoryUse } from './memory-bars.ts';

test('a bar is weights, state and the rest up to the peak; weights not yet touched leave no rest', () => {
  const { bars, stateWord, widestBytes } = memoryBars(
    sampleReport([
      sampleStage('prefill', {
        memory: { weightsBytes: 600, stateBytes: 100, kvBytes: 100, peakBytes: 1000 },
      }),
      sampleStage('untouched', {
        memory: { weightsBytes: 400, stateBytes: 0, kvBytes: 0, peakBytes: 300 },
      }),
    ]),
  );
  expect(bars.map(({ restBytes }) => restBytes)).toEqual([300, 0]);
  expect(widestBytes).toBe(1000);
  expect(stateWord).toBe('KV cache');
});

test('what recurrent layers remember is state, and counts like keys and values', () => {
  const memory = { weightsBytes: 600, stateBytes: 150, kvBytes: 100, peakBytes: 1000 };
  const { bars, stateWord } = memoryBars(sampleReport([sampleStage('prefill', { memory })]));
  expect(bars).toMatchObject([{ stateBytes: 150, restBytes: 250 }]);
  expect(stateWord).toBe('state');
});

test('the whole run stands beside the machine, once a pass has ended', () => {
  const machine = {
    platform: 'linux',
    cpu: '',
    cores: 2,
    threads: 2,
    memoryBytes: 16 * 1024 ** 3,
    node: '',
    onnxRuntime: '',
    patchbay: '',
  };
  const report = { ...sampleReport([], { peakBytes: 3e9 }), machine };
  expect(memoryUse(report)).toEqual({
    peakBytes: 3e9,
    machineBytes: 16 * 1024 ** 3,
    budgetBytes: 15.5 * 1024 ** 3,
  });
  expect(memoryUse({ ...sampleReport([]), machine })).toBeNull();
});
