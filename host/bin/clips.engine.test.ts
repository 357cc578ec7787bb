/** Clips from a folder of frames, an animation or a video file to the answer. */
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { z } from 'zod';
import type { GraphDocument } from '#engine/contract/document.ts';
import { reportSchema } from '#engine/contract/report.ts';
import { sketchEdge } from '#engine/graph/sketch-document.ts';
import { drawScene } from '#nodes/input/shapes-scene.ts';
import { paintScene } from '#nodes/input/shapes-picture.ts';
import { llavaGraph, withParams, writeGraph } from './graphs.testing.ts';
import { buildPrograms, finished, patchbay, startPatchbay } from './patchbay-command.testing.ts';

const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-clips-'));
const cache = join(folder, 'cache');
const temporary = join(folder, 'temporary');
const frames = join(folder, 'frames');
await mkdir(temporary);

beforeAll(async () => {
  await buildPrograms();
  await mkdir(frames);
  for (let index = 0; index < 12; index++) {
    const { data, ...raw } = paintScene(drawScene(index));
    await sharp(data, { raw: { ...raw, channels: 3 } }).toFile(join(frames, `${index}.png`));
  }
});
afterAll(() => rm(folder, { recursive: true }));

/** Video → preprocess → CLIP → pooling by two → projector → language model. */
function clipGraph(frameCount: number): GraphDocument {
  const graph = withParams(llavaGraph({ contextLength: 128 }), 'encoder', {
    imageSize: 64,
    patchSize: 16,
  });
  const { image: _, ...nodes } = graph.nodes;
  const kept = graph.edges.filter(
    ({ from, to }) => from.node !== 'image' && to.node !== 'projector',
  );
  const added = [
    'video.frames > preprocess.image',
    'encoder.tokens > pool.tokens',
    'pool.tokens > projector.tokens',
  ];
  const video = { type: 'input/video', version: 1, params: { frames: frameCount } };
  const pool = { type: 'compression/average-pool', version: 1, params: {} };
  return { ...graph, nodes: { ...nodes, video, pool }, edges: [...kept, ...added.map(sketchEdge)] };
}

const estimateSchema = z.object({
  stages: z.array(
    z.object({
      id: z.string(),
      flops: z.number(),
      language: z.object({ visualTokens: z.number(), prefillFlops: z.number() }).optional(),
    }),
  ),
});

async function look(path: string, clip: string) {
  const args = ['run', path, '--video', clip, '--json', '--runs', '1'];
  const { status, stdout, stderr } = await patchbay(args, { cache });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const { stages, answer } = reportSchema.parse(JSON.parse(stdout));
  return { stages: Object.fromEntries(stages.map((stage) => [stage.id, stage])), answer };
}

test('frames of a folder are counted through the graph as the estimate says, as one run', async () => {
  const path = await writeGraph(folder, 'clip', clipGraph(5));
  const { stages } = await look(path, frames);
  const tokens = (id: string) => [stages[id]?.tokensIn, stages[id]?.tokensOut];
  // 4 × 4 patches a frame, 2 × 2 behind the pooling.
  expect({
    encoder: tokens('encoder'),
    pool: tokens('pool'),
    projector: tokens('projector'),
  }).toEqual({ encoder: [null, 5 * 16], pool: [5 * 16, 5 * 4], projector: [5 * 4, 5 * 4] });
  const told = await patchbay(['estimate', path, '--json'], { cache });
  const estimate = estimateSchema.parse(JSON.parse(told.stdout));
  for (const id of ['encoder', 'pool', 'projector'])
    expect(stages[id]?.flops, id).toBe(estimate.stages.find((stage) => stage.id === id)?.flops);
  const language = estimate.stages.find(({ id }) => id === 'language')?.language;
  expect(language?.visualTokens).toBe(5 * 4);
  expect(stages['language/embed']?.tokensOut).toBe(stages['language/prefill']?.tokensIn);
});

test('a folder, and an animation of the same frames, are seen alike and in their order', async () => {
  const path = await writeGraph(folder, 'clip', clipGraph(4));
  const animation = join(folder, 'scenes.webp');
  const names = Array.from({ length: 12 }, (_, index) => join(frames, `${index}.png`));
  await sharp(names, { join: { animated: true } })
    .webp({ lossless: true })
    .toFile(animation);
  const [asFolder, asAnimation] = [await look(path, frames), await look(path, animation)];
  expect(asAnimation.answer).toEqual(asFolder.answer);
  const backward = join(folder, 'backward');
  await mkdir(backward);
  for (const [index, name] of names.entries())
    await writeFile(join(backward, `${11 - index}.png`), await readFile(name));
  expect((await look(path, backward)).answer).not.toEqual(asFolder.answer);
});

test('what is no clip is told at the node', async () => {
  const path = await writeGraph(folder, 'clip', clipGraph(4));
  const refused = async (...args: readonly string[]) => {
    const { status, stderr } = await patchbay([...args], { cache });
    return { status, stderr: stderr.trimEnd() };
  };
  expect(await refused('run', path)).toEqual({
    status: 1,
    stderr: 'error: video.source: No clip is chosen; choose one in the Video node. [clip-missing]',
  });
  expect(await refused('run', path, '--video', cache)).toEqual({
    status: 1,
    stderr:
      'error: video.source: The folder "cache" holds no frames; choose a folder of PNG, JPEG, WebP or TIFF frames, an animated GIF or WebP, or a video file. [clip-unreadable]',
  });
  const video = join(folder, 'talk.mp4');
  await writeFile(video, 'what is read by ffmpeg');
  const environment = { PATH: temporary };
  expect(await patchbay(['run', path, '--video', video], { cache, environment })).toMatchObject({
    status: 1,
    stderr:
      'error: video.source: "talk.mp4" is read by ffmpeg, which is not installed here; install ffmpeg, or choose a folder of frames or an animated GIF or WebP. [clip-unreadable]\n',
  });
  const pictures = await writeGraph(folder, 'pictures', llavaGraph());
  expect(await refused('run', pictures, '--video', frames)).toEqual({
    status: 1,
    stderr:
      'error: The graph has no Video node to put the clip into; add one, or leave the option out. [clip-missing]',
  });
});

function isThere(processId: number): boolean {
  try {
    return process.kill(processId, 0);
  } catch {
    return false;
  }
}

/** A stand-in for what counts frames: says who it is, then decodes without an end. */
async function endlessDecoder(): Promise<{ readonly bin: string; readonly noted: string }> {
  const bin = await mkdtemp(join(folder, 'bin-'));
  const noted = join(bin, 'process');
  const lines = ['#!/bin/sh', `echo $$ > '${noted}.new'`, `mv '${noted}.new' '${noted}'`];
  await writeFile(join(bin, 'ffprobe'), [...lines, 'exec sleep 100000', ''].join('\n'));
  await chmod(join(bin, 'ffprobe'), 0o755);
  return { bin, noted };
}

const patienceMs = 300_000;

test.skipIf(process.platform === 'win32').for([
  ['an interrupt', 'SIGINT', 130],
  ['the end of the command itself', 'SIGKILL', null],
] as const)(
  'while a video is decoded, %s ends the decoder too, and leaves nothing',
  async ([, signal, status]) => {
    const { bin, noted } = await endlessDecoder();
    const clip = join(folder, 'clip.mp4');
    await writeFile(clip, 'what a stand-in does not read');
    const path = await writeGraph(folder, 'clip', clipGraph(4));
    const environment = { PATH: `${bin}:${process.env['PATH'] ?? ''}`, TMPDIR: temporary };
    const child = startPatchbay(['run', path, '--video', clip], { cache, environment });
    const ended = finished(child);
    await vi.waitUntil(() => existsSync(noted), { timeout: patienceMs });
    const decoder = Number(await readFile(noted, 'utf8'));
    process.kill(child.pid as number, signal);
    expect(await ended).toMatchObject({ status, stdout: '' });
    // The system buries it when it comes to that.
    await vi.waitUntil(() => !isThere(decoder), { timeout: patienceMs });
    await vi.waitUntil(async () => (await readdir(temporary)).length === 0, {
      timeout: patienceMs,
    });
  },
);
