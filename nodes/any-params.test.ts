/** What holds for every node with any parameters that it may have, at any wires that may come: it is built, or refused in sentences. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemSchema } from '#engine/contract/problem.ts';
import { applyEdits } from '#engine/graph/apply-edit.ts';
import { checkGraph, type CheckedGraph, type CheckedNode } from '#engine/graph/check.ts';
import { portTensors } from '#engine/node/wire.ts';
import type { StageModel } from '#engine/onnx/model.ts';
import type { Dim } from '#engine/onnx/value.ts';
import { outputPrefix } from '#engine/plan/node-body.ts';
import { planGraph } from '#engine/plan/plan.ts';
import { NodeBench } from '#verify/node-bench.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { catalogueWith, drawnNode, type DrawnNode } from './drawn-nodes.testing.ts';
import { catalogue } from './index.ts';
import { weightCount } from './weight-count.testing.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const wholeSentence = /^[\p{Lu}\d"].*[^.]\.$/u;
const noWord = /\b(NaN|Infinity|undefined|null)\b|\[object/;

/** What is built of the node, its mends made; null where it is refused in sentences, or is no graph. */
function built({ document: drawn, strangers }: DrawnNode): StageModel | null {
  const known = catalogueWith(strangers);
  let document = drawn;
  for (let mended = 0; mended < 4; mended++) {
    const checked = checkGraph(document, known);
    for (const { message, ...problem } of checked.problems) {
      expect(problemSchema.safeParse({ message, ...problem }).success).toBe(true);
      expect(message).toMatch(wholeSentence);
      expect(message).not.toMatch(noWord);
    }
    const errors = checked.problems.filter(({ severity }) => severity === 'error');
    const mend = errors.find((problem) => problem.mend)?.mend;
    if (errors.length === 0) return graphOf(checked);
    if (!mend) return null;
    document = valueOf(applyEdits(document, mend.edits)).document;
  }
  // What is asked on two sides may never agree.
  return null;
}

function graphOf(checked: CheckedGraph): StageModel | null {
  const plan = planGraph(checked, { until: 'node' });
  const codes = plan.ok ? [] : plan.problems.map(({ code }) => code);
  expect(['', 'graph-too-large']).toContain(codes.join());
  const body = plan.ok ? plan.value.stages.at(-1)?.body : undefined;
  if (body?.kind !== 'onnx') return null;
  expectAsInferred(checked.nodes['node'] as CheckedNode, body.model);
  return body.model;
}

/** The graph gives what the wires say. */
function expectAsInferred({ outputs, wired }: CheckedNode, model: StageModel): void {
  for (const [port, wire] of Object.entries(outputs)) {
    for (const { name, type, shape } of wire ? portTensors(port, wire) : []) {
      const output = model.outputs.find((each) => each.name === outputPrefix + name);
      if (!output) {
        expect([...wired]).not.toContain(port);
        continue;
      }
      expect([name, output.type, output.shape.length]).toEqual([name, type, shape.length]);
      const known = (dim: Dim, axis: number): boolean =>
        typeof dim === 'number' && typeof shape[axis] === 'number';
      expect([name, output.shape.filter(known)]).toEqual([
        name,
        shape.filter((_, axis) => known(output.shape[axis] as Dim, axis)),
      ]);
    }
  }
}

/** More are no tiny graph, and take long to write. */
const mostWeights = 1_000_000;

const counted = new Set<string>();

describe('any parameters and wires', () => {
  it.for(Object.keys(catalogue))('%s', async (type) => {
    let smallest: StageModel | null = null;
    fc.assert(
      fc.property(drawnNode(type), (drawn) => {
        const model = built(drawn);
        if (!model) return;
        counted.add(type);
        if (!smallest || weightCount(model) < weightCount(smallest)) smallest = model;
      }),
      { numRuns: 50 },
    );
    if (smallest && weightCount(smallest) < mostWeights)
      valueOf(await bench.workbench.session(smallest));
  });

  it('are often enough such that a graph is built', () => {
    expect(counted.size).toBeGreaterThan(40);
  });
});
