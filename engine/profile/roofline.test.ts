/** Stages of reports made by hand under the roofs of a machine made by hand: where they lie, and what is said of it. */
import { describe, expect, it } from 'vitest';
import type { MachineRates } from '../contract/calibration.ts';
import type { Operator } from '../contract/operators.ts';
import type { LanguageReport, Report, StageReport } from '../contract/report.ts';
import { boundSentence } from './bound-sentence.ts';
import { sampleModel, sampleReport, sampleStage } from './sample-report.testing.ts';
import { operatorPoints, roofAt, stagePoints } from './roofline.ts';

/** 100 GFLOP/s in float32, twice that in int8, little more in int4 and w8a8; 40 GB/s; 2 µs an operator. */
const rates: MachineRates = {
  matrixFlopsPerSecond: { float32: 100e9, int8: 200e9, int4: 110e9, w8a8: 105e9 },
  memoryBytesPerSecond: 40e9,
  launchMicroseconds: 2,
};

const { memory } = sampleStage('nothing');

const stage = (id: string, medianMs: number, given: Partial<StageReport>): StageReport =>
  sampleStage(id, {
    title: 'CLIP ViT',
    precision: 'float32',
    weights: 'random',
    medianMs,
    ...given,
  });

const language = { type: 'language/decoder', title: 'Language model' } as const;

/** 11 tokens, of which 10 were fed back, by a model of 1.4 GB at `bytesPerSecond`. */
const decodeStage = (bytesPerSecond: number, given: Partial<StageReport> = {}): StageReport =>
  stage('language/decode', (1000 * 14e9) / bytesPerSecond, {
    ...language,
    phase: 'decode',
    tokensOut: 11,
    flops: 28e9,
    movedBytes: 14e9,
    ...given,
  });

const answers = (count: number): readonly LanguageReport[] => [
  sampleModel('language', {
    title: 'Language model',
    answers: Array.from({ length: count }, () => ({ text: '', tokenIds: [], writingMs: 0 })),
  }),
];

const report = (
  stages: readonly StageReport[],
  operators: Report['operators'] = [],
  answerCount = 1,
): Report => ({ ...sampleReport(stages, {}, answers(answerCount)), operators });

function operator(
  kind: string,
  profiledMs: number,
  inputs: readonly string[],
  outputs: readonly string[],
  given: Partial<Operator> = {},
): Operator {
  const name = `layers.0/${kind}`;
  const own = { part: 'layers.0', name, kind, calls: 1, bytesPerCall: 0 };
  return { ...own, profiledMs, inputs: [...inputs], outputs: [...outputs], ...given };
}

/** What is said of the one stage of a report, with thin spaces as spaces. */
function said(of: StageReport, operators: Report['operators'] = [], machine = rates): string {
  const [point] = stagePoints(report([of], operators), machine);
  if (!point) throw new Error('It has no point.');
  return boundSentence(point, machine).replaceAll('\u2009', ' ');
}

describe('a stage', () => {
  it('is reckoned by its step where a token waits for the one before, and by its pass where not', () => {
    const prefill = stage('language/prefill', 100, {
      ...language,
      phase: 'prefill',
      tokensIn: 600,
      tokensOut: 600,
      flops: 5e9,
      movedBytes: 2e9,
    });
    const [first, second] = stagePoints(report([prefill, decodeStage(28e9)]), rates);
    expect(first).toMatchObject({
      title: 'Language model · prefill',
      steps: null,
      flops: 5e9,
      bytes: 2e9,
      seconds: 0.1,
      intensity: 2.5,
      flopsPerSecond: 50e9,
      bytesPerSecond: 20e9,
      roofFlopsPerSecond: 100e9,
    });
    expect(second).toMatchObject({ steps: 10, flops: 2.8e9, bytes: 1.4e9, seconds: 0.05 });
    expect(second?.roofFlopsPerSecond).toBe(2 * 40e9);
  });

  it('counts the first token of every answer to the prompt', () => {
    const [point] = stagePoints(report([decodeStage(28e9)], [], 3), rates);
    expect(point?.steps).toBe(8);
  });

  it('has no point where its bytes are not known, nothing was timed, or a run before was reused', () => {
    const preprocess = stage('preprocess', 20, { precision: null, weights: null });
    const waiting = stage('encoder', 0, { movedBytes: 1e9 });
    expect(stagePoints(report([preprocess, waiting]), rates)).toEqual([]);
  });

  it('lies under the slope of memory up to where arithmetic is all there is', () => {
    expect(roofAt(0.5, 'float32', rates)).toBe(20e9);
    expect(roofAt(2.5, 'float32', rates)).toBe(100e9);
    expect(roofAt(1000, 'int8', rates)).toBe(200e9);
  });
});

describe('the sentence of a stage', () => {
  it('tells one that is bound by memory what makes its weights fewer', () => {
    expect(said(decodeStage(31e9))).toBe(
      'Reads 1.40 GB a token at 31.0 of 40.0 GB/s: bound by memory; int4 would help, fewer visual tokens would not.',
    );
    expect(said(decodeStage(31e9, { precision: 'int4' }))).toMatch(
      /bound by memory; a smaller model would help, fewer visual tokens would not\.$/,
    );
  });

  it('tells one that reads many keys and values to make those fewer too', () => {
    const held = { ...memory, stateBytes: 0.5e9, kvBytes: 0.5e9 };
    expect(said(decodeStage(31e9, { memory: held }))).toMatch(
      /bound by memory; int4 and fewer visual tokens, or keys and values in fewer bytes, would help\.$/,
    );
  });

  it('tells one that moves tokens rather than weights to have fewer of them', () => {
    const pooling = { type: 'compression/average-pool', title: 'Average pooling' } as const;
    const bare = { ...pooling, precision: null, weights: null, flops: 1e6, movedBytes: 3e9 };
    expect(said(stage('pool', 100, bare))).toBe(
      'Moves 3.00 GB at 30.0 of 40.0 GB/s: bound by memory; fewer visual tokens would help, fewer bits would not.',
    );
    const read = { ...language, phase: 'prefill', precision: 'int4' } as const;
    const pieces = { ...read, flops: 1e6, movedBytes: 3e9 };
    const held = { ...memory, weightsBytes: 1e9 };
    expect(said(stage('language/prefill', 100, { ...pieces, memory: held }))).toMatch(
      /bound by memory; a smaller model and fewer visual tokens would help\.$/,
    );
    const light = { ...memory, weightsBytes: 0.1e9 };
    expect(said(stage('encoder', 100, { movedBytes: 3e9, flops: 1e6, memory: light }))).toMatch(
      /bound by memory; fewer or smaller pictures would help first\.$/,
    );
  });

  it('tells one that is faster than memory that what it reads lies in caches', () => {
    expect(said(decodeStage(60e9, { flops: 4e9 }))).toBe(
      'Reads 1.40 GB a token at 60.0 GB/s, faster than memory gives (40.0 GB/s): bound by the processor’s caches, in which it lies; int4 would help, fewer visual tokens would not.',
    );
  });

  it('tells one that is bound by arithmetic to do less of it, or in a precision that multiplies faster here', () => {
    const encoder = stage('encoder', 2000, { flops: 170e9, movedBytes: 1.2e9 });
    expect(said(encoder)).toBe(
      'Does 170 GFLOP at 85.0 of 100 GFLOP/s: bound by arithmetic; fewer or smaller pictures would help, and so would int8, which multiplies 2.00 times as fast here; faster memory would not.',
    );
    const matrixFlopsPerSecond = { ...rates.matrixFlopsPerSecond, w8a8: 350e9 };
    const rounding = { ...rates, matrixFlopsPerSecond };
    expect(said(encoder, [], rounding)).toContain(
      'and so would w8a8, which multiplies 3.50 times as fast here',
    );
    expect(said({ ...encoder, flops: 600e9, precision: 'w8a8' }, [], rounding)).toMatch(
      /^Does 600 GFLOP at 300 of 350 GFLOP.s: .* would help, fewer bits would not\.$/,
    );
    const prefill = { ...language, phase: 'prefill', precision: 'int8' } as const;
    const of = stage('language/prefill', 1000, { ...prefill, flops: 150e9, movedBytes: 1e9 });
    expect(said(of)).toBe(
      'Does 150 GFLOP at 150 of 200 GFLOP/s: bound by arithmetic; fewer visual tokens would help, fewer bits would not.',
    );
  });

  it('tells one that starts many small operators for most of its time that fewer bits change nothing', () => {
    // Three steps were profiled, ten timed, of 3 ms each: 900 operators a step take 1.8 ms of them.
    const decode = stage('language/decode', 30, {
      ...language,
      phase: 'decode',
      tokensOut: 11,
      flops: 5e6,
      movedBytes: 100e6,
    });
    const small = Array.from({ length: 900 }, (_, index) =>
      operator('Add', 0.002, ['1 × 64', '1 × 64'], ['1 × 64'], { name: `add.${index}`, calls: 3 }),
    );
    expect(said(decode, [{ stage: 'language/decode', operators: small }])).toBe(
      'Starts 900 operators a token, which takes 1.80 ms of its 3.00 ms: bound by launches; fewer layers would help, fewer bits would not.',
    );
  });

  it('says of one far below both roofs how far, and where to look', () => {
    const slow = stage('encoder', 1000, { flops: 12e9, movedBytes: 0.4e9 });
    expect(said(slow)).toBe(
      'Reaches 12% of the arithmetic and 1.0% of the memory that this machine gives: bound by neither; a run with the profiler tells which operators take its time, and whether starting them does.',
    );
    const operators = [
      operator('Conv', 700, ['1 × 3 × 336 × 336'], ['1 × 64 × 24 × 24']),
      operator('Add', 300, ['1 × 64', '1 × 64'], ['1 × 64']),
    ];
    expect(said(slow, [{ stage: 'encoder', operators }])).toBe(
      'Reaches 12% of the arithmetic and 1.0% of the memory that this machine gives, and starts operators for 0.0% of its time: bound by neither; 70% of its time goes to Conv, the place to look.',
    );
  });
});

describe('operators of a stage', () => {
  const encoder = stage('encoder', 200, { flops: 8e9, movedBytes: 1e8, precision: 'int4' });

  function points(operators: readonly Operator[], of = encoder) {
    const profiled = report([of], [{ stage: of.id, operators: [...operators] }]);
    const [point] = stagePoints(profiled, rates);
    if (!point) throw new Error('It has no point.');
    return operatorPoints(point, profiled, rates);
  }

  it('are points where they take 2% of it or more, in the time that they took without the profiler', () => {
    const found = points([
      operator('Softmax', 30, ['1 × 577 × 577'], ['1 × 577 × 577'], { bytesPerCall: 2_663_432 }),
      operator('FusedMatMul', 69, ['1 × 577 × 64'], ['1 × 577 × 128']),
      operator('Transpose', 1, ['1 × 577 × 64'], ['577 × 1 × 64']),
    ]);
    expect(found.map(({ title }) => title)).toEqual(['layers.0 FusedMatMul', 'layers.0 Softmax']);
    const [product, softmax] = found;
    expect(product?.seconds).toBeCloseTo(0.69 * 0.2, 12);
    expect(product?.flops).toBe(2 * 577 * 64 * 128);
    expect(softmax).toMatchObject({ flops: 577 * 577, bytes: 2_663_432, precision: 'float32' });
  });

  it('are charged the matrix that ONNX Runtime has packed away, in the precision that it is kept in', () => {
    const [plain, packed] = points([
      operator('FusedMatMul', 60, ['1 × 10 × 64'], ['1 × 10 × 128'], { bytesPerCall: 7680 }),
      operator('MatMulNBits', 40, ['1 × 10 × 64', '256'], ['1 × 10 × 128'], { bytesPerCall: 8704 }),
    ]);
    expect(plain).toMatchObject({ bytes: 7680 + 64 * 128 * 4, precision: 'float32' });
    expect(packed).toMatchObject({ bytes: 8704 + (64 * 128) / 2, precision: 'int4' });
    const [rounded] = points(
      [
        operator('MatMulIntegerToFloat', 60, ['1 × 10 × 64', '', '128', ''], ['1 × 10 × 128'], {
          bytesPerCall: 6272,
        }),
      ],
      { ...encoder, precision: 'w8a8' },
    );
    expect(rounded).toMatchObject({ bytes: 6272 + 64 * 128, precision: 'w8a8' });
    expect(rounded?.flops).toBe(2 * 10 * 64 * 128);
    const [attention] = points([
      operator('MatMul', 60, ['1 × 4 × 1 × 640', '1 × 4 × 640 × 16'], ['1 × 4 × 1 × 16'], {
        bytesPerCall: 174_336,
      }),
    ]);
    expect(attention).toMatchObject({ bytes: 174_336, flops: 2 * 4 * 640 * 16 });
  });

  it('count what attention looks at, of the past as far as each token sees it', () => {
    const [seen, cached] = points([
      operator('MultiHeadAttention', 60, Array(3).fill('1 × 10 × 64'), ['1 × 10 × 64']),
      operator(
        'GroupQueryAttention',
        40,
        ['1 × 3 × 64', '1 × 3 × 16', '1 × 3 × 16'],
        ['1 × 3 × 64', '1 × 1 × 8 × 16', '1 × 1 × 8 × 16'],
      ),
    ]);
    expect(seen?.flops).toBe(2 * 2 * 10 * 10 * 64);
    // Six, seven and eight tokens are seen by the three.
    expect(cached?.flops).toBe(2 * 2 * (6 + 7 + 8) * 64);
  });

  it('of an answer are told by the step, however many steps were profiled', () => {
    const step = operator('FusedMatMul', 9, ['1 × 1 × 64'], ['1 × 1 × 128'], { calls: 3 });
    const [point] = points([step], decodeStage(28e9));
    expect(point).toMatchObject({ flops: 2 * 64 * 128, bytes: 64 * 128 * 4, seconds: 0.05 });
  });
});
