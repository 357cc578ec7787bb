/** Changes values of JSON so that they stay JSON, and get past a parser to those who read what it gives. */
import type { Json } from '#engine/contract/document.ts';
import type { RandomSource } from '#engine/seeded-random.ts';
import { below, oneOf } from './random-choice.ts';

type JsonObject = Readonly<Record<string, Json>>;
type Change = (value: Json, random: RandomSource, donor: Json) => Json;

const oddTexts: readonly string[] = [
  ...'0 -1 null __proto__ constructor toString custom auto a\0b \u001B[2J \uD800 é▁Ġ'.split(' '),
  ...'../../../etc/passwd /dev/zero builtin:shapes-llava float64 BOOL <image> {prompt}'.split(' '),
  ...String.raw`(a+)+$ (?<!a) \p{L}+|\s {{1}}`.split(' '),
  '',
  ' ',
];
const oddNumbers: readonly number[] = [
  0,
  1,
  -1,
  2,
  3,
  7,
  16,
  64,
  255,
  256,
  1000,
  4096,
  65_535,
  65_536,
  0.5,
  -0.5,
  1e-300,
  1e308,
  -1e308,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  1e21,
];
const oddValues: readonly [Json, ...Json[]] = [
  null,
  true,
  false,
  ...oddNumbers,
  ...oddTexts,
  [],
  {},
  [[]],
  [null],
  [-1],
  [0, 0],
  [1, 2, 3],
  { '': null },
  { toString: 1 },
  { type: 'Sequence' },
];

const oddKeys = [
  '',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'length',
  'then',
  '0',
];

/** One change or a few, somewhere in it; `donor` is another value of the kind, of which parts may be taken. */
export function mutateJson(value: Json, random: RandomSource, donor: Json): Json {
  let changed = value;
  do changed = changeSomewhere(changed, random, donor);
  while (random() < 0.4);
  return changed;
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);
const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !isList(value);

function changeSomewhere(value: Json, random: RandomSource, donor: Json): Json {
  // As often at one level as at another.
  const goesDeeper = random() < 0.75;
  if (goesDeeper && isList(value) && value.length > 0) {
    const at = below(random, value.length);
    return value.with(at, changeSomewhere(value[at] as Json, random, donor));
  }
  if (goesDeeper && isObject(value)) {
    const key = oneOf(random, Object.keys(value));
    if (key !== undefined)
      return withEntry(value, key, changeSomewhere(value[key] as Json, random, donor));
  }
  return changeHere(value, random, donor);
}

function changeHere(value: Json, random: RandomSource, donor: Json): Json {
  const own = isList(value)
    ? listChanges
    : isObject(value)
      ? objectChanges
      : typeof value === 'number'
        ? numberChanges
        : typeof value === 'string'
          ? textChanges
          : anyChanges;
  return oneOf(random, random() < 0.5 ? own : anyChanges)(value, random, donor);
}

/** Also under names that an assignment would take for something else. */
function withEntry(object: JsonObject, key: string, value: Json): JsonObject {
  return { ...object, [key]: value };
}

function partOf(value: Json, random: RandomSource): Json {
  if (random() < 0.25 || typeof value !== 'object' || value === null) return value;
  const part = oneOf(random, Object.values(value));
  return part === undefined ? value : partOf(part, random);
}

const anyChanges: readonly [Change, ...Change[]] = [
  (_, random) => oneOf(random, oddValues),
  (_, random) => oneOf(random, oddValues),
  (_, random, donor) => partOf(donor, random),
  (value, random) => nested(value, below(random, random() < 0.9 ? 4 : 800)),
];

function nested(value: Json, depth: number): Json {
  let outer = value;
  for (let level = 0; level < depth; level++) outer = [outer];
  return outer;
}

const asNumber = (change: (value: number, random: RandomSource) => number): Change => {
  return (value, random) => change(value as number, random);
};
const numberChanges: readonly [Change, ...Change[]] = [
  asNumber((value) => value + 1),
  asNumber((value) => value - 1),
  asNumber((value) => -value),
  asNumber((value) => value + 0.5),
  asNumber((value, random) => value * 2 ** below(random, 40)),
  asNumber((value, random) => Math.floor(value / 2 ** below(random, 8))),
];

const asText = (change: (value: string, random: RandomSource) => string): Change => {
  return (value, random) => change(value as string, random);
};
const textChanges: readonly [Change, ...Change[]] = [
  asText((text, random) => text.slice(0, below(random, text.length + 1))),
  asText((text, random) => text.slice(below(random, text.length + 1))),
  asText((text, random) => {
    const at = below(random, text.length + 1);
    return text.slice(0, at) + (oneOf(random, oddTexts) ?? '') + text.slice(at);
  }),
  asText((text, random) => text.repeat(below(random, random() < 0.9 ? 4 : 3000)).slice(0, 100_000)),
];

const asList = (change: (value: readonly Json[], random: RandomSource) => Json): Change => {
  return (value, random) => change(value as readonly Json[], random);
};
const listChanges: readonly [Change, ...Change[]] = [
  asList((list, random) => list.toSpliced(below(random, list.length), 1)),
  asList((list, random) =>
    list.toSpliced(below(random, list.length + 1), 0, oneOf(random, list) ?? null),
  ),
  asList((list, random) => list.toSpliced(below(random, list.length), 1, oneOf(random, list) ?? 0)),
  asList((list) => list.toReversed()),
  asList((list, random) => {
    const times = below(random, random() < 0.9 ? 4 : 300);
    return Array.from({ length: times }, () => list.slice(0, 100)).flat();
  }),
];

const asObject = (
  change: (value: JsonObject, random: RandomSource, donor: Json) => Json,
): Change => {
  return (value, random, donor) => change(value as JsonObject, random, donor);
};
const objectChanges: readonly [Change, ...Change[]] = [
  asObject((object, random) => {
    const gone = oneOf(random, Object.keys(object));
    return Object.fromEntries(Object.entries(object).filter(([key]) => key !== gone));
  }),
  asObject((object, random, donor) => {
    const key = oneOf(random, Object.keys(object)) ?? '';
    const other = isObject(donor) ? Object.keys(donor) : [];
    const name = oneOf(random, [...oddKeys, ...other, ...Object.keys(object)]) ?? '';
    return withEntry(object, name, object[key] ?? null);
  }),
  asObject((object, random) => {
    const [one, other] = [oneOf(random, Object.keys(object)), oneOf(random, Object.keys(object))];
    if (one === undefined || other === undefined) return object;
    const swapped = { [one]: object[other] ?? null, [other]: object[one] ?? null };
    return { ...object, ...swapped };
  }),
  asObject((object, random) =>
    withEntry(object, oneOf(random, oddKeys) ?? '', oneOf(random, oddValues)),
  ),
];
