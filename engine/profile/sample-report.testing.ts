/** Reports for tests, said in few words. */
import type { LanguageReport, Report, StageReport } from '../contract/report.ts';
import type { Machine } from '../contract/run-event.ts';

export const sampleMachine: Machine = {
  platform: 'linux x64',
  cpu: 'a processor',
  cores: 4,
  threads: 4,
  memoryBytes: 16e9,
  node: '20.0.0',
  onnxRuntime: '1.30.0',
  patchbay: '0.1.0',
};

export function sampleStage(
  id: string,
  given: Partial<StageReport> & { medianMs?: number } = {},
): StageReport {
  const { medianMs = 0, ...rest } = given;
  return {
    id,
    node: id.split('/')[0] ?? id,
    type: 'encoder/clip-vit',
    title: id,
    phase: null,
    precision: null,
    weights: null,
    latencyMs: {
      median: medianMs,
      deviation: 0,
      interval: null,
      p95: null,
      runs: medianMs > 0 ? 3 : 0,
    },
    memory: { weightsBytes: 0, peakBytes: 0, stateBytes: 0, kvBytes: 0 },
    tokensIn: null,
    tokensOut: null,
    flops: 0,
    movedBytes: null,
    reused: false,
    ...rest,
  };
}

export function sampleModel(node: string, given: Partial<LanguageReport> = {}): LanguageReport {
  return {
    node,
    title: node,
    answer: null,
    answers: [],
    choices: null,
    timeToFirstTokenMs: null,
    timeToFirstTokenInterval: null,
    prefillTokensPerSecond: null,
    decodeTokensPerSecond: null,
    hasRandomWeights: false,
    draft: null,
    reused: null,
    ...given,
  };
}

export function sampleReport(
  stages: readonly StageReport[],
  totals: Partial<Report['totals']> = {},
  languageModels: readonly LanguageReport[] = [],
): Report {
  return {
    graph: 'Sample',
    machine: null,
    options: null,
    holding: null,
    noise: null,
    stages,
    languageModels,
    answer: null,
    totals: {
      wallMs: 0,
      wallInterval: null,
      stagesMs: stages.reduce((sum, { latencyMs }) => sum + latencyMs.median, 0),
      timeToFirstTokenMs: null,
      timeToFirstTokenInterval: null,
      prefillTokensPerSecond: null,
      decodeTokensPerSecond: null,
      peakBytes: 0,
      ...totals,
    },
    memoryOverTime: [],
    operators: [],
    showings: [],
    problems: [],
  };
}
