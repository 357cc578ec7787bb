/** Limits of the user: which a graph breaks, by how much, and what weighs most. */
import { expect, it } from 'vitest';
import { noBudget } from '../contract/budget.ts';
import { breaches, breachText, factorText, type Estimates } from './budget.ts';
import type { StageEstimate } from './estimate.ts';
import type { StageLatency } from './latency.ts';

const stage = (node: string, parameters: number, peakBytes: number): StageEstimate => ({
  id: node,
  node,
  type: `a/${node}`,
  title: node.toUpperCase(),
  parameters,
  flops: 0,
  weightBytes: 0,
  activationBytes: 0,
  keyValueBytes: 0,
  recurrentBytes: 0,
  peakBytes,
});

const row = (
  node: string,
  phase: StageLatency['phase'],
  ms: number,
  tokensPerSecond: number | null = null,
): StageLatency => ({
  node,
  stage: phase === null ? node : `${node}/${phase}`,
  phase,
  title: node.toUpperCase(),
  ms,
  tokensPerSecond,
  byOperator: {},
});

const estimates: Estimates = {
  graph: {
    stages: [stage('encoder', 300e6, 1e9), stage('language', 700e6, 3e9)],
    wires: [],
    totals: {
      parameters: 1e9,
      activeParameters: 1e9,
      flops: 0,
      weightBytes: 0,
      activationBytes: 0,
      keyValueBytes: 0,
      recurrentBytes: 0,
      peakBytes: 4e9,
    },
  },
  latency: {
    stages: [
      row('encoder', null, 600),
      row('language', 'embed', 1),
      row('language', 'prefill', 199),
      row('language', 'decode', 9000, 4),
    ],
    totalMs: 9800,
    timeToFirstTokenMs: 800,
    decodeTokensPerSecond: 4,
  },
};

it('breaks nothing where nothing is asked for, nor what is just kept', () => {
  expect(breaches(estimates, noBudget)).toEqual([]);
  const kept = {
    timeToFirstTokenMs: 800,
    decodeTokensPerSecond: 4,
    peakBytes: 4e9,
    parameters: 1e9,
  };
  expect(breaches(estimates, kept)).toEqual([]);
});

it('says of each broken limit by how much, and which stage weighs most in it', () => {
  const tight = {
    timeToFirstTokenMs: 500,
    decodeTokensPerSecond: 10,
    peakBytes: 2e9,
    parameters: 0.5e9,
  };
  const broken = breaches(estimates, tight);
  expect(
    broken.map((breach) => [breach.limit, breachText(breach), factorText(breach), breach.heaviest]),
  ).toEqual([
    [
      'timeToFirstTokenMs',
      '800\u2009ms, 300\u2009ms over 500\u2009ms',
      '1.60×',
      // Decoding comes after the first token.
      { node: 'encoder', title: 'ENCODER', share: 0.75 },
    ],
    [
      'decodeTokensPerSecond',
      '4.00 tokens/s, 6.00 tokens/s under 10.0 tokens/s',
      '2.50×',
      { node: 'language', title: 'LANGUAGE · decode', share: 1 },
    ],
    [
      'peakBytes',
      '4.00\u2009GB, 2.00\u2009GB over 2.00\u2009GB',
      '2.00×',
      { node: 'language', title: 'LANGUAGE', share: 0.75 },
    ],
    [
      'parameters',
      '1.00\u2009B, 500\u2009M over 500\u2009M',
      '2.00×',
      { node: 'language', title: 'LANGUAGE', share: 0.7 },
    ],
  ]);
});

it('tells nothing of times on a machine that was not measured', () => {
  const unmeasured = { ...estimates, latency: null };
  const budget = { ...noBudget, timeToFirstTokenMs: 1, peakBytes: 1 };
  expect(breaches(unmeasured, budget).map(({ limit }) => limit)).toEqual(['peakBytes']);
});
