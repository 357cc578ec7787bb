import { expect, test } from 'vitest';
import type { Report } from '#engine/contract/report.ts';
import { sampleReport, sampleStage } from '#engine/profile/sample-report.testing.ts';
import { operatorPairs, unpairedSentence } from './operator-pairs.ts';

const report = (stages: readonly string[], profiled: readonly string[]): Report => ({
  ...sampleReport(stages.map((id) => sampleStage(id, { type: id }))),
  operators: profiled.map((stage) => ({ stage, operators: [] })),
});

test('stages are held side by side where both runs looked into them', () => {
  const a = report(['image', 'encoder', 'projector'], ['encoder', 'projector']);
  const b = report(['image', 'encoder', 'pool', 'projector'], ['encoder', 'pool']);
  const ids = operatorPairs(a, b).map((pair) => [pair.a.stage.id, pair.b.stage.id]);
  expect(ids).toEqual([['encoder', 'encoder']]);
});

test('where there is nothing to hold side by side, one sentence says why and how to get it', () => {
  const some = report(['encoder'], ['encoder']);
  const none = report(['encoder'], []);
  const other = report(['tower'], ['tower']);
  expect(unpairedSentence(none, none)).toMatch(/^Neither run .* run both graphs by “Run with/);
  expect(unpairedSentence(some, none)).toMatch(/^Run B did not .* run its graph by “Run with/);
  expect(unpairedSentence(none, some)).toMatch(/^Run A did not/);
  expect(unpairedSentence(some, { ...other, stages: [] })).toMatch(/not of a stage that both have/);
});
