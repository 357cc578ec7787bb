/** What is asked of ffmpeg, by a stand-in for it on the path, and by ffmpeg itself where it is installed. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { loadClip, type ClipBounds } from './load-clip.ts';

const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-video-'));
afterAll(() => rm(folder, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

const searched = process.env['PATH'] ?? '';
let counted = 0;

/** Programs of these names, found before all others; `only`: no others are found. */
async function standIns(scripts: Readonly<Record<string, string>>, only = false): Promise<void> {
  const bin = join(folder, `bin${++counted}`);
  await mkdir(bin);
  for (const [name, script] of Object.entries(scripts)) {
    await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(bin, name), 0o755);
  }
  vi.stubEnv('PATH', only ? bin : `${bin}:${searched}`);
}

const clip = join(folder, '-talk, at noon.mp4');
await writeFile(clip, 'what a stand-in does not read');

const load = (path: string, count: number, bounds: Partial<ClipBounds> = {}) =>
  loadClip({ kind: 'clip', path }, count, {
    baseFolder: folder,
    ...bounds,
  });

async function sentence(path: string, count: number, bounds: Partial<ClipBounds> = {}) {
  const outcome = await load(path, count, bounds);
  return outcome.ok ? null : outcome.problems[0]?.message;
}

/** Says that there are ten frames. */
const tenFrames = `echo '{"streams":[{"nb_read_frames":"10"}]}'`;
/** Writes each of its arguments on a line, then two pixmaps of 2 × 1. */
const twoPixmaps = (notes: string) =>
  [
    String.raw`printf '%s\n' "$@" > '${notes}'`,
    String.raw`printf 'P6\n2 1\n255\nabcdef'; printf 'P6\n2 1\n255\nghijkl'`,
  ].join('\n');

describe.skipIf(process.platform === 'win32')('a video file', () => {
  it('is read by ffmpeg, told by its arguments which frames are wanted', async () => {
    const notes = join(folder, 'arguments');
    await standIns({ ffprobe: tenFrames, ffmpeg: twoPixmaps(notes) });
    const frames = await load(clip, 2);
    expect(frames.ok && frames.value.map(({ data }) => Buffer.from(data).toString())).toEqual([
      'abcdef',
      'ghijkl',
    ]);
    const args = (await readFile(notes, 'utf8')).split('\n');
    expect(args).toContain(`file:${clip}`);
    expect(args[args.indexOf('-vf') + 1]).toBe("select='eq(n,0)+eq(n,9)',setpts=N/TB");
    expect(args[args.indexOf('-protocol_whitelist') + 1]).toBe('file');
  });

  it('is refused with what to do where ffmpeg is not installed', async () => {
    await standIns({}, true);
    expect(await sentence(clip, 2)).toBe(
      '"-talk, at noon.mp4" is read by ffmpeg, which is not installed here; install ffmpeg, or choose a folder of frames or an animated GIF or WebP.',
    );
  });

  it('that ffmpeg refuses, or gives too little of, is told as damaged', async () => {
    await standIns({ ffprobe: 'exit 1' });
    expect(await sentence(clip, 2)).toMatch(/is damaged, or holds no video that ffmpeg reads; /);
    await standIns({ ffprobe: tenFrames, ffmpeg: twoPixmaps('/dev/null') });
    expect(await sentence(clip, 4)).toMatch(/is damaged: ffmpeg gave 2 of 4 frames; /);
    await standIns({ ffprobe: 'echo nonsense' });
    expect(await sentence(clip, 2)).toMatch(/holds no video that ffmpeg reads; /);
  });

  it('that takes too long, or says too much, is stopped', async () => {
    // What the program started holds its output open, and is not waited for.
    await standIns({ ffprobe: 'sleep 1000' });
    expect(await sentence(clip, 2, { deadlineMs: 50 })).toMatch(/took too long and was stopped; /);
    await standIns({ ffprobe: 'while :; do echo 0123456789abcdef; done' });
    expect(await sentence(clip, 2)).toMatch(/holds no video that ffmpeg reads; /);
  });

  it('is left at once when the run is cancelled', async () => {
    const started = join(folder, 'started');
    await standIns({
      ffprobe: `echo $$ > '${started}.new'; mv '${started}.new' '${started}'; sleep 1000`,
    });
    const controller = new AbortController();
    const outcome = load(clip, 2, { signal: controller.signal });
    await vi.waitUntil(() => existsSync(started), { timeout: 60_000 });
    const processId = Number(await readFile(started, 'utf8'));
    controller.abort();
    expect(await outcome).toMatchObject({ ok: false, problems: [{ code: 'run-cancelled' }] });
    expect(() => process.kill(processId, 0)).toThrow('ESRCH');
    expect(await load(clip, 2, { signal: controller.signal })).toMatchObject({ ok: false });
  });
});

const hasProgram = (name: string): boolean => spawnSync(name, ['-version']).status === 0;
const isInstalled = hasProgram('ffmpeg') && hasProgram('ffprobe');
if (!isInstalled)
  console.log('ffmpeg is not installed: what it makes of real files is not tested.');

describe.skipIf(!isInstalled)('ffmpeg itself', () => {
  /** 50 frames whose grey is four times their number. */
  const greys = join(folder, 'greys.mkv');
  const make = (path: string, ...more: readonly string[]): void => {
    const source = "color=c=black:s=32x24:r=25:d=2,format=gray,geq='4*N'";
    execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', source, ...more, path]);
  };

  it('gives the chosen frames, each once, whatever the times between them', async () => {
    make(greys, '-c:v', 'ffv1', '-pix_fmt', 'gray');
    const uneven = join(folder, 'uneven.mkv');
    const times = ['-vf', "setpts='N*(N+50)'"];
    execFileSync('ffmpeg', ['-v', 'error', '-i', greys, ...times, '-c:v', 'ffv1', uneven]);
    for (const path of [greys, uneven]) {
      const frames = await load(path, 8);
      expect(frames.ok && frames.value.map(({ width, height }) => [width, height])).toEqual(
        Array.from({ length: 8 }, () => [32, 24]),
      );
      const places = [0, 7, 14, 21, 28, 35, 42, 49];
      expect(frames.ok && frames.value.map(({ data }) => data[0])).toEqual(
        places.map((place) => 4 * place),
      );
    }
  });

  it('refuses what is cut short, what is no video, and a list of other files', async () => {
    const cut = join(folder, 'cut.mp4');
    make(join(folder, 'whole.mp4'), '-pix_fmt', 'yuv420p');
    await writeFile(cut, (await readFile(join(folder, 'whole.mp4'))).subarray(0, 600));
    await writeFile(join(folder, 'text.mp4'), 'Dear reader, this is no video.\n'.repeat(50));
    await writeFile(join(folder, 'list.m3u8'), `#EXTM3U\n#EXTINF:1,\n${greys}\n#EXT-X-ENDLIST\n`);
    for (const [name, count] of [
      ['cut.mp4', 2],
      ['text.mp4', 1],
      ['text.mp4', 2],
      ['list.m3u8', 1],
    ] as const)
      expect(await sentence(name, count), name).toMatch(/holds no video that ffmpeg reads; /);
  });
});
