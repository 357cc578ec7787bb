/** What no graph can be built of is refused in a sentence that says what to choose. */
import { expect, it } from 'vitest';
import { checkGraph } from '#engine/graph/check.ts';
import { readDocument } from '#engine/graph/read-document.ts';
import { knownCount, type WireOf } from '#engine/node/wire.ts';
import {
  standardArchitecture,
  type DecoderArchitecture,
} from './architecture/decoder-architecture.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { catalogue } from '../index.ts';
import { architectureProblem } from './decoder-model.ts';
import { gridProblem } from './language-ports.ts';
import { publishedDecoders } from './published-decoders.ts';

const problemOf = (differs: Partial<DecoderArchitecture>) =>
  architectureProblem({ ...standardArchitecture, ...differs });

const latent = { attention: 'latent', headSize: 96, rotaryHeadSize: 32 } as const;

it.each([
  [{ ...latent, rotaryHeadSize: 33 }, 'rotaryHeadSize', /even rotated head size below/],
  [{ ...latent, rotaryHeadSize: 96 }, 'rotaryHeadSize', /Of a head of 96, 96 channels/],
  [{ ...latent, positions: 'alibi' }, 'positions', /choose other positions/],
  [
    { positions: 'grid-rotary', timePairs: 16, rowPairs: 16 },
    'rowPairs',
    /Of 32 pairs that turn, 16 by time and 16 by rows leave none for columns/,
  ],
] as const)('refuses %o', (differs, param, message) => {
  expect(problemOf(differs)).toMatchObject({
    param,
    message: expect.stringMatching(message) as string,
  });
});

it('takes every published model', () => {
  const refused = Object.entries(publishedDecoders).filter(([, each]) => architectureProblem(each));
  expect(refused).toEqual([]);
  expect(problemOf(latent)).toBeNull();
});

it('tells rows and columns of visual tokens only where they lie on a grid', () => {
  const tokens: WireOf<'tokens'> = {
    kind: 'tokens',
    count: knownCount(6),
    channels: 8,
    prefixTokens: 0,
    grid: { rows: 2, columns: 3 },
  };
  expect(gridProblem([tokens], 'grid-rotary')).toBeNull();
  expect(gridProblem([tokens, { ...tokens, grid: null }], 'rotary')).toBeNull();
  expect(gridProblem([tokens, { ...tokens, grid: null }], 'grid-rotary')?.message).toMatch(
    /these lie on no grid; choose a projector that keeps the grid/,
  );
});

it('opens a graph of version 1, whose blocks were parallel or not, with nothing left to warn of', () => {
  const node = (parallelBlock: boolean) => ({
    type: 'language/decoder',
    version: 1,
    params: { model: 'custom', keyNames: 'phi', parallelBlock, layerCount: 2 },
  });
  const nodes = { phi: node(true), llama: node(false) };
  const written = { format: 'patchbay', version: 1, title: '', about: '', nodes, edges: [] };
  const document = valueOf(
    readDocument(JSON.stringify({ ...written, layout: {}, notes: [] }), catalogue),
  );
  const checked = checkGraph(document, catalogue);
  expect(checked.nodes['phi']?.params).toMatchObject({ block: 'parallel', layerCount: 2 });
  expect(checked.nodes['llama']?.params).toMatchObject({ block: 'sequential' });
  expect(checked.problems.map(({ code }) => code)).not.toContain('param-unknown');
});
