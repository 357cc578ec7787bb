import { expect, test } from 'vitest';
import { checkGraph } from '#engine/graph/check.ts';
import { catalogue } from '#nodes/index.ts';
import { encoderGraph, encoderTypes } from './encoders.ts';

test.for(encoderTypes)('%s can be run as it is measured', (type) => {
  const { problems } = checkGraph(encoderGraph(type), catalogue);
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
});
