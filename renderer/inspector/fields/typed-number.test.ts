import { describe, expect, it, test } from 'vitest';
import type { Param } from '#engine/node/param.ts';
import { catalogue } from '#nodes/index.ts';
import { fromSlider, parseNumber, sliderScale, stepped, type NumberParam } from './typed-number.ts';

const { featureLayer } = catalogue['encoder/clip-vit'].params;
const { outputWidth } = catalogue['projector/mlp'].params;
const { temperature, normEpsilon, topP } = catalogue['language/decoder'].params;

const read = (param: NumberParam, text: string): number | string | null => {
  const outcome = parseNumber(param, text);
  return outcome.ok ? outcome.value : (outcome.problems[0]?.message ?? '');
};

describe('a number typed', () => {
  it('is read however people write it', () => {
    expect(read(featureLayer, ' -2 ')).toBe(-2);
    expect(read(featureLayer, '−2')).toBe(-2);
    expect(read(outputWidth, '2 048')).toBe(2048);
    expect(read(outputWidth, '11_008')).toBe(11_008);
    expect(read(temperature, '.5')).toBe(0.5);
    expect(read(temperature, '1.')).toBe(1);
    expect(read(normEpsilon, '1e-5')).toBe(1e-5);
  });

  it('is refused with a sentence that says what would do', () => {
    expect(read(featureLayer, '0')).toBe('Feature layer must be a whole number from -512 to -1.');
    expect(read(featureLayer, '-1.5')).toBe(read(featureLayer, '0'));
    expect(read(temperature, '0,7')).toBe('Temperature must be a number from 0.01 to 10.');
    expect(read(temperature, '1e999')).toBe('Temperature must be a number from 0.01 to 10.');
    expect(read(temperature, '')).toBe('Temperature must be a number from 0.01 to 10.');
    expect(read(temperature, '0x1')).toBe('Temperature must be a number from 0.01 to 10.');
  });

  it('may be left out where it follows from a wire', () => {
    expect(read(outputWidth, '')).toBeNull();
    expect(read(outputWidth, '  ')).toBeNull();
  });
});

test('a slider is offered where the range is small, never over magnitudes', () => {
  expect(sliderScale(catalogue['projector/mlp'].params.depth)).toEqual({ min: 1, max: 8, step: 1 });
  expect(sliderScale(temperature)).toEqual({ min: 0, max: 10, step: 0.1 });
  expect(sliderScale(topP)).toEqual({ min: 0.01, max: 1, step: 0.01 });
  expect(sliderScale(normEpsilon)).toBeNull();
  expect(sliderScale(featureLayer)).toBeNull();
});

test('every place of every slider, and every step of an arrow key, is a value that its parameter takes', () => {
  for (const { params } of Object.values(catalogue)) {
    for (const param of Object.values(params as Readonly<Record<string, Param>>)) {
      if (param.kind !== 'integer' && param.kind !== 'number') continue;
      expect(read(param, String(stepped(param, param.default, 10)))).toBeTypeOf('number');
      expect(read(param, String(stepped(param, param.min, -1)))).toBe(param.min);
      const scale = sliderScale(param);
      if (!scale) continue;
      for (let at = scale.min; at <= scale.max; at += scale.step)
        expect(read(param, String(fromSlider(param, scale, at)))).toBeTypeOf('number');
    }
  }
});

test('an arrow key makes round numbers', () => {
  expect(stepped(temperature, 0.7, 1)).toBe(0.8);
  expect(stepped(temperature, 0.7, -10)).toBe(0.01);
  expect(stepped(normEpsilon, 1e-5, 1)).toBe(1.1e-5);
});
