/** The fuzzer finds what is there to be found, and makes it again. */
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { fail, ok } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { breed } from './breed.ts';
import { hunt } from './hunt.ts';
import { jsonSample, type Reader, type Sample } from './readers/reader.ts';
import { workThrough, type Finding } from './work-through.ts';

const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-hunt-'));
afterAll(() => rm(folder, { recursive: true }));

const samples: readonly Sample[] = [jsonSample('a.json', { list: [1, 2, 3], name: 'a' })];
const everything = { seed: 3, from: 0, to: 500, atMostMs: Infinity };

async function findingsOf(read: Reader['read']): Promise<readonly Finding[]> {
  const note = join(folder, 'note');
  await writeFile(note, Buffer.alloc(8));
  const noteFile = openSync(note, 'r+');
  const findings: Finding[] = [];
  const reader = { name: 'a', about: '', samples: () => Promise.resolve(samples), read };
  await workThrough(reader, everything, noteFile, (finding) => findings.push(finding));
  closeSync(noteFile);
  return findings;
}

describe('a reader', () => {
  it('that throws is found, and its mutant is made again by seed and number', async () => {
    const read = (bytes: Buffer): unknown => JSON.parse(bytes.toString());
    const findings = await findingsOf(({ bytes }) => ok(read(bytes)));
    expect(findings.length).toBeGreaterThan(10);
    for (const { number, what } of findings) {
      expect(what).toMatch(/^throws SyntaxError: /);
      expect(() => read(breed(samples, everything.seed, number).bytes)).toThrow(SyntaxError);
    }
  });

  it('that always answers with an outcome is left in peace', async () => {
    const refusal = fail(error('json-broken', 'This is no JSON; choose another file.'));
    expect(await findingsOf(({ bytes }) => (bytes.length > 20 ? ok(null) : refusal))).toEqual([]);
  });

  it.each([
    ['no outcome', null, /^gives no outcome/],
    ['a failure without a problem', { ok: false, problems: [] }, /^gives no outcome/],
    [
      'half a sentence',
      fail(error('json-broken', 'no')),
      /^says no whole sentence \[json-broken\]/,
    ],
    [
      'a page',
      { ok: false, problems: [{ ...error('json-broken', ''), message: `${'a'.repeat(3000)}.` }] },
      /^says more than a sentence/,
    ],
  ])('that gives %s is found', async (_, answer, what) => {
    const [finding] = await findingsOf(() => answer as never);
    expect(finding?.what).toMatch(what);
  });
});

it('a reader that takes its process along is found where it was, and the next mutants have their turn', async () => {
  const script = join(folder, 'crashing.mjs');
  const noting =
    'const note = Buffer.alloc(8); note.writeDoubleLE(number); fs.writeSync(file, note, 0, 8, 0);';
  await writeFile(
    script,
    `import fs from 'node:fs';
     process.once('message', ({ from, to, noteFile }) => {
       const file = fs.openSync(noteFile, 'r+');
       for (let number = from; number < to; number++) {
         ${noting}
         if (number === 5 || number === 8) { console.error('stack smashed'); process.kill(process.pid, 'SIGKILL'); for (;;); }
       }
       const worked = { mutants: to - from, sound: 1, slowestMs: 2, slowest: from };
       process.send({ type: 'done', worked }, () => process.disconnect());
     });`,
  );
  const { findings, mutants } = await hunt(script, 'any', { ...everything, to: 20 });
  expect(findings.map(({ what }) => what)).toEqual([
    expect.stringMatching(/^ends the process \(SIGKILL\): stack smashed$/),
  ]);
  expect(findings[0]?.number).toBe(5);
  expect(mutants).toBe(20);
});
