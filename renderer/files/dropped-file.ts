/** What a file that was dropped or picked is taken for, by its name, type and size. Pure. */
import { documentLimits } from '#engine/contract/document.ts';
import { formatBytes } from '#engine/contract/format.ts';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';

export interface FileFacts {
  readonly name: string;
  /** MIME type as the browser guesses it, often empty. */
  readonly type: string;
  readonly size: number;
}

const picturePattern = /\.(png|jpe?g|webp|gif|tiff?|avif)$/i;
const pictureTypes: ReadonlySet<string> = new Set([
  'image/png',
  'image/jpeg',
  'image/webp',
  'image/gif',
  'image/tiff',
  'image/avif',
]);

/** Fails with the one sentence that says what can be dropped. */
export function kindOfDropped({
  name,
  type,
}: Omit<FileFacts, 'size'>): Outcome<'graph' | 'picture'> {
  if (/\.json$/i.test(name)) return ok('graph');
  if (picturePattern.test(name) || pictureTypes.has(type)) return ok('picture');
  const message = `${name} is neither a graph nor a picture; drop a .patchbay.json file, or a PNG, JPEG, WebP, GIF, TIFF or AVIF picture.`;
  return fail(error('file-unreadable', message));
}

/** A file that is too long for a graph is refused before it is read. */
export function checkGraphSize({ name, size }: Omit<FileFacts, 'type'>): Outcome<null> {
  if (size <= documentLimits.bytes) return ok(null);
  const [has, limit] = [size, documentLimits.bytes].map(formatBytes);
  const message = `${name} has ${has}, a graph may have ${limit}; this is no Patchbay graph.`;
  return fail(error('file-too-large', message));
}
