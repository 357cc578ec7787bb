/** A short look at every reader with mutants that are always the same; `npm run fuzz` looks for as long as one likes. */
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { buildPrograms } from '#host/bin/patchbay-command.testing.ts';
import { packageRoot } from '#host/system/package-root.ts';
import { hunt } from './hunt.ts';
import { readers } from './readers/readers.ts';

const entry = join(packageRoot, 'dist', 'host', 'fuzz-process.js');
const mutants = 2_000;

beforeAll(buildPrograms);

test.for(readers.map(({ name }) => name))(
  'no mutant of "%s" makes its reader throw, hang or answer without a sentence',
  async (name) => {
    const work = { seed: 7, from: 0, to: mutants, atMostMs: Infinity };
    const { findings, ...worked } = await hunt(entry, name, work);
    expect(findings).toEqual([]);
    expect(worked.mutants).toBe(mutants);
    // Were all of them refused at once, nothing behind the first look would have been looked at.
    expect(worked.sound).toBeGreaterThan(mutants / 100);
  },
);
