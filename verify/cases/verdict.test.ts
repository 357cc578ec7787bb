/** A case passes only where everything that was recorded was compared and agrees, or is exempt by name and reason. */
import { describe, expect, it } from 'vitest';
import type { CaseRow } from './rows/case-row.ts';
import { caseRows, rowFor } from './cases.ts';
import { allOf, compareTensors, compareTexts } from './comparison.ts';
import { exemptions, exemptOf } from './exemptions.ts';
import { verdictOf } from './verdict.ts';

const agrees = (name: string) => ({ name, maxAbsError: 1e-6, atol: 1e-4 });

describe('the verdict', () => {
  it('is a pass where every recorded value agrees', () => {
    expect(verdictOf(['logits', 'ids'], [agrees('ids'), agrees('logits')], [])).toEqual({
      status: 'pass',
      maxAbsError: 1e-6,
      message: '',
      compared: ['logits', 'ids'],
      recorded: ['logits', 'ids'],
      exempt: [],
    });
  });

  it('is a failure where one was left out, however well the others agree', () => {
    expect(verdictOf(['logits', 'ids', 'block_0'], [agrees('ids')], [])).toMatchObject({
      status: 'fail',
      message: 'not compared: logits, block_0',
      compared: ['ids'],
    });
  });

  it('is a failure where nothing was recorded, so that an empty case proves nothing', () => {
    expect(verdictOf([], [], [])).toMatchObject({ status: 'fail', message: 'nothing is recorded' });
  });

  it('is a pass where what was left out is exempt, and tells why', () => {
    const all = [{ cases: 'slm/*', name: 'mask', reason: 'The graph has none.' }];
    const exempt = exemptOf(all, 'slm/phi', ['ids', 'mask']);
    expect(verdictOf(['ids', 'mask'], [agrees('ids')], exempt)).toMatchObject({
      status: 'pass',
      compared: ['ids'],
      exempt: [{ name: 'mask', reason: 'The graph has none.' }],
    });
    expect(exemptOf(all, 'ssm/phi', ['mask'])).toEqual([]);
    expect(exemptOf(all, 'slm/phi', ['ids'])).toEqual([]);
  });

  it('tells every value that is off, and its error where JSON can hold it', () => {
    const wrong = [
      { name: 'logits', maxAbsError: 0.5, atol: 1e-4 },
      { name: 'ids', maxAbsError: Infinity, atol: 0, note: 'number 3 is 1, recorded is 2' },
    ];
    expect(verdictOf(['logits', 'ids'], wrong, [])).toMatchObject({
      status: 'fail',
      maxAbsError: null,
      message: 'logits: off by 0.5; ids: number 3 is 1, recorded is 2',
    });
  });

  it('has a reason for every exemption, and a value that one can find', () => {
    const vague = exemptions.filter(({ reason, name }) => reason.length < 20 || name === '');
    expect(vague).toEqual([]);
  });
});

describe('a comparison', () => {
  const recorded = { shape: [1, 2, 3], data: Float32Array.of(0, 1, 2, 3, 4, 5) };

  it('holds the shape to what was recorded, dimensions of one aside', () => {
    const { data } = recorded;
    expect(compareTensors('x', { shape: [2, 3], data }, recorded, 0).maxAbsError).toBe(0);
    expect(compareTensors('x', { shape: [3, 2], data }, recorded, 0)).toMatchObject({
      maxAbsError: Infinity,
      note: 'its shape is [3, 2], recorded is [1, 2, 3]',
    });
    const short = { shape: [2, 3], data: data.subarray(1) };
    expect(compareTensors('x', short, recorded, 0).maxAbsError).toBe(Infinity);
  });

  it('takes the largest difference, and a number that is none as endless', () => {
    const data = Float32Array.of(0, 1, 2, 3, 4, 5.5);
    expect(compareTensors('x', { shape: [2, 3], data }, recorded, 1).maxAbsError).toBe(0.5);
    data[0] = NaN;
    expect(compareTensors('x', { shape: [2, 3], data }, recorded, 1).maxAbsError).toBe(Infinity);
  });

  it('wants whole numbers and texts to be the same, whatever the tolerance', () => {
    const ids = { shape: [3], data: [7, 8, 9] };
    expect(compareTensors('ids', { shape: [3], data: [7, 8, 10] }, ids, 5)).toMatchObject({
      maxAbsError: Infinity,
      note: 'number 2 is 10, recorded is 9',
    });
    const parts = [compareTexts('a', 'x', 'x'), compareTexts('b', 'x', 'y')];
    expect(allOf('string 3', parts)).toEqual({
      name: 'string 3',
      maxAbsError: Infinity,
      atol: 0,
      note: 'b: "x", recorded is "y"',
    });
  });
});

describe('the rows', () => {
  const find = (family: string, name: string, modelType: string | undefined) =>
    rowFor(caseRows, { family, name, modelType });

  it('take a case of a known kind that nobody has named', () => {
    expect(find('encoder', 'another', 'clip_vision_model')).toMatchObject({
      nodes: [{ type: 'encoder/clip-vit' }],
    });
    expect(find('slm', 'another', 'llama')).toMatchObject({ node: { type: 'language/decoder' } });
  });

  it('take none of a kind that is not there, nor of a name that inherits', () => {
    expect(find('encoder', 'clip-vit', undefined)).toBeUndefined();
    expect(find('projector', 'constructor', undefined)).toBeUndefined();
  });

  it('run a further case of a family by a line that names it', () => {
    const row: CaseRow = {
      family: 'projector',
      names: ['a-fourth'],
      figuresOf: 'llava',
      kind: 'nodes',
      nodes: [{ type: 'projector/mlp' }],
      inputs: { image_features: 'tokens' },
      outputs: { image_features: {} },
    };
    const of = { family: 'projector', name: 'a-fourth', modelType: undefined };
    expect(rowFor([...caseRows, row], of)).toBe(row);
  });
});
