import { expect, test } from 'vitest';
import { sampleReport, sampleStage } from '#renderer/results/figures/sample-report.testing.ts';
import { memoryBars, memoryUse } from './memory-bars.ts';

test('a bar is weights, cache and the rest up to the peak; weights not yet touched leave no rest', () => {
  const { bars, widestBytes } = memoryBars(
    sampleReport([
      sampleStage('prefill', { memory: { weightsBytes: 600, kvBytes: 100, peakBytes: 1000 } }),
      sampleStage('untouched', { memory: { weightsBytes: 400, kvBytes: 0, peakBytes: 300 } }),
    ]),
  );
  expect(bars.map(({ restBytes }) => restBytes)).toEqual([300, 0]);
  expect(widestBytes).toBe(1000);
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
