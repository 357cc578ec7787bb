/** What a user chose stays chosen, with all that is in it, and nothing else is. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import { join, win32 } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { presetsFolder } from '../system/package-root.ts';
import { ChosenPlaces, isOnNetwork, isWithin, placeOfGraph } from './chosen-places.ts';

const root = await mkdtemp(join(os.tmpdir(), 'patchbay-chosen-'));
afterAll(() => rm(root, { recursive: true }));

test('a folder is chosen with what is in it, for later launches and for other servers that run', async () => {
  const data = join(root, 'data');
  const [one, other] = [new ChosenPlaces(data), new ChosenPlaces(data)];
  expect(await other.isChosen('/models/llava')).toBe(false);
  await one.choose('/models/llava');
  await one.choose('/pictures/cat.png');
  const answers = (places: ChosenPlaces) =>
    Promise.all(
      [
        '/models/llava',
        '/models/llava/shards/one',
        '/pictures/cat.png',
        '/models/llava-next',
        '/models',
        '/models/llava/../secret',
        '/pictures/dog.png',
      ].map((place) => places.isChosen(place)),
    );
  const expected = [true, true, true, false, false, false, false];
  expect(await answers(one)).toEqual(expected);
  expect(await answers(other)).toEqual(expected);
  expect(await answers(new ChosenPlaces(data))).toEqual(expected);
});

test('what comes with Patchbay and what a page handed over needs no choice', async () => {
  const chosen = new ChosenPlaces(join(root, 'fresh'));
  expect(await chosen.isChosen(join(presetsFolder, 'checkpoints', 'shapes-llava'))).toBe(true);
  expect(await chosen.isChosen(join(root, 'fresh', 'pictures', 'a.png'))).toBe(true);
  expect(await chosen.isChosen(join(presetsFolder, '..', '..', 'elsewhere'))).toBe(false);
});

test('a choice for this command is not remembered', async () => {
  const data = join(root, 'command');
  const chosen = new ChosenPlaces(data);
  chosen.chooseForNow('/models');
  expect(await chosen.isChosen('/models/llava')).toBe(true);
  expect(await new ChosenPlaces(data).isChosen('/models/llava')).toBe(false);
});

test('with a graph its folder is chosen, but neither a whole disk nor all of a home', () => {
  expect(placeOfGraph('/home/me/work/one.patchbay.json', '/home/me')).toBe('/home/me/work');
  expect(placeOfGraph('/home/me/one.patchbay.json', '/home/me')).toBe('/home/me/one.patchbay.json');
  expect(placeOfGraph('/one.patchbay.json', '/home/me')).toBe('/one.patchbay.json');
});

test('on Windows, drives are compared without case, and shares and devices are other places', () => {
  const within = (inner: string, place: string): boolean => isWithin(inner, place, win32);
  expect(within('c:\\Models\\LLaVA\\shard', 'C:\\models\\llava')).toBe(true);
  expect(within('C:\\models\\llava', 'C:\\')).toBe(true);
  const strangers = [
    '\\\\evil\\share\\model',
    '//evil/share',
    '\\\\?\\C:\\models\\llava',
    '\\\\.\\pipe\\x',
    'D:\\models\\llava',
  ];
  for (const stranger of strangers) expect(within(stranger, 'C:\\')).toBe(false);
  expect(within('\\\\evil\\share\\model', '\\\\Evil\\share')).toBe(true);
  expect(within('\\\\evil\\other\\model', '\\\\evil\\share')).toBe(false);
  expect(strangers.map((stranger) => isOnNetwork(stranger, win32))).toEqual([
    true,
    true,
    true,
    true,
    false,
  ]);
});
