/** The raw pictures and clips of a case, as files and as nodes that read them. */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { ClipSource, ImageSource } from '#engine/contract/sources.ts';
import type { NodeSketch } from '#engine/graph/sketch-document.ts';
import type { Media } from '#engine/node/wire.ts';
import { loadClip } from '#host/clips/load-clip.ts';
import { loadImage } from '#host/images/load-image.ts';
import type { StageValue } from '#host/stages/stage-value.ts';
import type { RecordedCase } from '../cases/recorded-case.ts';

export type RawSource =
  | { readonly media: 'image'; readonly path: string }
  /** A folder with nothing but the frames, all of which are taken. */
  | { readonly media: 'video'; readonly path: string; readonly frames: number };

/** Those of a case, by medium; `clear` takes away what was copied for them. */
export async function rawSources({ folder, images = [], videos = [] }: RecordedCase) {
  const copies = videos.length === 0 ? null : await mkdtemp(join(os.tmpdir(), 'patchbay-frames-'));
  const clips: RawSource[] = [];
  for (const [index, frames] of videos.entries()) {
    const path = join(copies ?? '', String(index));
    for (const [place, frame] of frames.entries())
      await cp(join(folder, frame), join(path, `${place}.png`));
    clips.push({ media: 'video', path, frames: frames.length });
  }
  const of: Readonly<Record<Media, readonly RawSource[]>> = {
    image: images.map((name) => ({ media: 'image', path: join(folder, name) })),
    video: clips,
  };
  const clear = async (): Promise<void> => {
    if (copies !== null) await rm(copies, { recursive: true });
  };
  return { of, clear };
}

const imageSource = (path: string): ImageSource => ({ kind: 'file', path });
const clipSource = (path: string): ClipSource => ({ kind: 'clip', path });

/** The node that reads it, and its output as an edge names it. */
export function sourceNode(
  id: string,
  source: RawSource,
): { readonly id: string; readonly sketch: NodeSketch; readonly output: string } {
  const { path } = source;
  if (source.media === 'image')
    return { id, sketch: ['input/image', { source: imageSource(path) }], output: `${id}.image` };
  const params = { source: clipSource(path), frames: source.frames };
  return { id, sketch: ['input/video', params], output: `${id}.frames` };
}

export async function loadRaw(source: RawSource): Promise<Outcome<StageValue>> {
  const { media, path } = source;
  if (media === 'image') {
    const picture = await loadImage(imageSource(path), '');
    return picture.ok ? ok({ kind: 'image', media, images: [picture.value] }) : picture;
  }
  const frames = await loadClip(clipSource(path), source.frames, { baseFolder: '' });
  return frames.ok ? ok({ kind: 'image', media, images: frames.value }) : frames;
}
