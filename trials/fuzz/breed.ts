/** The mutants of a reader: each is made by its number and the seed alone, so that it can be made again. */
import type { Json } from '#engine/contract/document.ts';
import { seededRandom, type RandomSource } from '#engine/seeded-random.ts';
import { mutateBytes } from './mutate-bytes.ts';
import { mutateJson } from './mutate-json.ts';
import { below, oneOf } from './random-choice.ts';
import type { Sample } from './readers/reader.ts';

export interface Bred {
  /** Its sample's place. */
  readonly sample: number;
  readonly bytes: Buffer;
}

/** Spreads neighbouring numbers over all states of the source. */
const spread = 0x9e37_79b1;

export function breed(samples: readonly Sample[], seed: number, number: number): Bred {
  const random = seededRandom(Math.imul(number, spread) + Math.imul(seed, 0x85eb_ca6b));
  const sample = below(random, samples.length);
  const { content } = samples[sample] as Sample;
  const { content: donor } = oneOf(random, samples) as Sample;
  if (content.kind === 'bytes')
    return { sample, bytes: mutateBytes(content.bytes, random, bytesOf(donor)) };
  return { sample, bytes: breedJson(content, random, donor) };
}

type Content = Sample['content'];

/** Mostly JSON still; at times broken as text, or where its frame is. */
function breedJson(
  { value, frame = (text) => text }: Extract<Content, { kind: 'json' }>,
  random: RandomSource,
  donor: Content,
): Buffer {
  const kind = random();
  const changed =
    kind < 0.85 ? mutateJson(value, random, donor.kind === 'json' ? donor.value : null) : value;
  const framed = frame(textOf(changed));
  return kind < 0.75 ? framed : mutateBytes(framed, random, bytesOf(donor));
}

const textOf = (value: Json): Buffer => Buffer.from(JSON.stringify(value));

function bytesOf(content: Content): Buffer {
  return content.kind === 'bytes' ? content.bytes : textOf(content.value);
}
