/** A video file as a clip, read by ffmpeg where it is installed. */
import { z } from 'zod';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import {
  cancelled,
  chooseAnotherClip,
  maxClipPixels,
  tookTooLong,
  unreadableClip,
  type DecodingBounds,
  type OpenClip,
} from './open-clip.ts';
import { readPixmaps } from './read-pixmaps.ts';
import { runProgram, type ProgramEnd } from './run-program.ts';

/** What ffprobe says of one stream. */
const maxFactBytes = 2 ** 16;

/** Files of video. ffmpeg reads others too: single pictures, and plain text, which it draws as on a terminal. */
const formats =
  'mov,matroska,avi,mpegts,mpeg,mpegvideo,m4v,h264,hevc,ivf,flv,ogg,asf,dv,mxf,nut,rm,yuv4mpegpipe';

/** `file:` keeps a name from being taken for an address, and the list a playlist from leading elsewhere. */
const inputOf = (path: string): readonly string[] =>
  [
    ['-protocol_whitelist', 'file'],
    ['-format_whitelist', formats],
    ['-i', `file:${path}`],
  ].flat();

/** Counted by decoding: what an edit list leaves out is in the file, but is no frame. */
const countArguments = (path: string): readonly string[] =>
  [
    ['-v', 'error', ...inputOf(path)],
    ['-select_streams', 'V:0', '-count_frames'],
    ['-show_entries', 'stream=nb_read_frames', '-of', 'json'],
  ].flat();

/** One frame a second in, one a second out, so that none is left out or doubled to keep a rate. */
function frameArguments(path: string, places: readonly number[]): readonly string[] {
  const chosen = places.map((place) => `eq(n,${place})`).join('+');
  return [
    ['-v', 'error', '-nostdin', ...inputOf(path), '-map', '0:V:0'],
    ['-vf', `select='${chosen}',setpts=N/TB`, '-r', '1', '-frames:v', String(places.length)],
    ['-f', 'image2pipe', '-c:v', 'ppm', '-pix_fmt', 'rgb24', 'pipe:1'],
  ].flat();
}

const factsSchema = z.object({
  streams: z.array(z.object({ nb_read_frames: z.coerce.number().int().min(1) })),
});

export function openVideoFile(path: string, name: string, bounds: DecodingBounds): OpenClip {
  return {
    async countFrames() {
      const args = countArguments(path);
      const end = await runProgram('ffprobe', args, { ...bounds, maxBytes: maxFactBytes });
      if (end.kind === 'too-long') return noVideoIn(name);
      if (end.kind !== 'done') return problemOf(end, name);
      const facts = factsSchema.safeParse(parsed(end.output));
      const count = facts.data?.streams[0]?.nb_read_frames;
      return count === undefined ? noVideoIn(name) : ok(count);
    },
    async framesAt(places) {
      const args = frameArguments(path, places);
      // The head of each frame has fewer than 32 bytes.
      const maxBytes = maxClipPixels * 3 + places.length * 32;
      const end = await runProgram('ffmpeg', args, { ...bounds, maxBytes });
      if (end.kind !== 'done') return problemOf(end, name);
      const frames = readPixmaps(end.output);
      if (frames?.length === places.length) return ok(frames);
      return unreadableClip(
        `"${name}" is damaged: ffmpeg gave ${frames?.length ?? 0} of ${places.length} frames; get the file again or ${chooseAnotherClip}.`,
      );
    },
  };
}

function parsed(output: Buffer): unknown {
  try {
    return JSON.parse(output.toString());
  } catch {
    return null;
  }
}

function problemOf({ kind }: Exclude<ProgramEnd, { kind: 'done' }>, name: string): Outcome<never> {
  switch (kind) {
    case 'missing':
      return unreadableClip(
        `"${name}" is read by ffmpeg, which is not installed here; install ffmpeg, or choose a folder of frames or an animated GIF or WebP.`,
      );
    case 'refused':
      return noVideoIn(name);
    case 'late':
      return tookTooLong(name);
    case 'too-long':
      return unreadableClip(
        `The frames of "${name}" have more than the limit of ${Math.floor(maxClipPixels / 1e6)} million pixels in all; take fewer, or scale the clip down first.`,
      );
    case 'cancelled':
      return cancelled();
  }
}

function noVideoIn(name: string): Outcome<never> {
  return unreadableClip(
    `"${name}" is damaged, or holds no video that ffmpeg reads; ${chooseAnotherClip}.`,
  );
}
