/** A graph whose stages do not fit into memory together runs all the same, one loaded stage at a time. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { GraphDocument } from '#engine/contract/document.ts';
import { reportSchema } from '#engine/contract/report.ts';
import type { RunEvent } from '#engine/contract/run-event.ts';
import type { RunRequest } from '#engine/contract/run-request.ts';
import { estimatePlan, reservedBytes } from '#engine/estimate/estimate.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { planGraph } from '#engine/plan/plan.ts';
import { foldReport } from '#engine/profile/report.ts';
import { catalogue } from '#nodes/index.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { Workbench } from '#verify/workbench.ts';
import { readPreset } from '../presets.ts';
import { CancelSwitch } from '../sessions/progress.ts';
import { executeRun } from './execute-run.ts';

let bench: Workbench;
const shapes = valueOf(await readPreset('shapes-llava'));

/** What the largest stage needs alone. */
function largestBytes(document: GraphDocument): number {
  const checked = checkGraph(document, catalogue);
  const { stages } = estimatePlan(checked, valueOf(planGraph(checked)));
  return Math.max(...stages.map(({ peakBytes }) => peakBytes)) + reservedBytes;
}

beforeAll(async () => {
  bench = valueOf(await Workbench.open());
});

afterAll(() => bench.close());

async function run(request: Partial<RunRequest>, document = shapes) {
  const events: RunEvent[] = [];
  const emit = (event: RunEvent): void => void events.push(event);
  const asked = { document, ...request };
  const outcome = await executeRun(asked, bench.loader, emit, new CancelSwitch());
  return { outcome, events, report: reportSchema.parse(foldReport('Shapes', events)) };
}

test('each stage is loaded when the one before is done, and the run tells what one with room does', async () => {
  const together = await run({ runs: 2 });
  const inTurn = await run({ runs: 2, memoryBytes: largestBytes(shapes) });
  valueOf(inTurn.outcome);
  expect([together.report.holding, inTurn.report.holding]).toEqual(['together', 'in-turn']);
  expect(inTurn.report.answer).toEqual(together.report.answer);
  const measured = ({ report }: typeof inTurn) =>
    report.stages.map(({ id, latencyMs, tokensOut }) => [id, latencyMs.runs, tokensOut]);
  expect(measured(inTurn)).toEqual(measured(together));

  const order = inTurn.events.flatMap((event) => {
    const isLoad = event.type === 'stage-loaded';
    const isTimed = event.type === 'stage-progress' && event.phase === 'running';
    return isLoad || isTimed ? [`${isLoad ? 'load' : 'run'} ${event.stage.split('/')[0]}`] : [];
  });
  const firstOf = (what: string) => order.indexOf(what);
  expect(order.lastIndexOf('run encoder')).toBeLessThan(firstOf('load projector'));
  expect(order.lastIndexOf('run projector')).toBeLessThan(firstOf('load language'));
  // Loading takes longer than any stage of this small model, and no pass has it.
  const { wallMs, stagesMs } = inTurn.report.totals;
  expect(stagesMs).toBeLessThanOrEqual(wallMs);
  expect(wallMs).toBeLessThan(3 * together.report.totals.wallMs + 50);
});

test('what a stage did to a picture is seen though its model is gone by then', async () => {
  const picture = { source: { kind: 'scene', seed: 1 } } as const;
  const encoder = { model: 'custom', imageSize: 64, patchSize: 8, hiddenSize: 32, layerCount: 3 };
  const shape = { headCount: 2, feedForwardSize: 48, featureLayer: -1 };
  const pruning = sketchDocument(
    {
      image: ['input/image', picture],
      preprocess: ['vision/preprocess'],
      encoder: ['encoder/clip-vit', { ...encoder, ...shape }],
      prune: ['compression/prumerge', { kept: 'outliers', neighbours: 5 }],
      projector: ['projector/mlp', { outputWidth: 64 }],
    },
    [
      'image.image > preprocess.image',
      'preprocess.pixels > encoder.pixels',
      'encoder.tokens > prune.tokens',
      'encoder.queryKey > prune.queryKey',
      'prune.tokens > projector.tokens',
    ],
  );
  const together = await run({ runs: 1 }, pruning);
  const inTurn = await run({ runs: 1, memoryBytes: largestBytes(pruning) }, pruning);
  expect(inTurn.report.holding).toBe('in-turn');
  expect(inTurn.report.showings).toHaveLength(2);
  expect(inTurn.report.showings).toEqual(together.report.showings);
});

test('with less than its largest stage needs nothing is loaded', async () => {
  const { outcome, events } = await run({ memoryBytes: largestBytes(shapes) - 1 });
  expect(outcome.ok ? [] : outcome.problems).toMatchObject([
    { code: 'memory-short', message: expect.stringMatching(/ alone needs about /) as string },
  ]);
  expect(events.filter(({ type }) => type === 'stage-progress')).toEqual([]);
});
