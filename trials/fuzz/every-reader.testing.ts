/** What a short and a long look at every reader have in common: mutants that are always the same. */
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { buildPrograms } from '#host/bin/patchbay-command.testing.ts';
import { packageRoot } from '#host/system/package-root.ts';
import { hunt } from './hunt.ts';
import { readers } from './readers/readers.ts';

const entry = join(packageRoot, 'dist', 'host', 'fuzz-process.js');

export function testEveryReader(mutants: number): void {
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
}
