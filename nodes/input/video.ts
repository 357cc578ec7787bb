/** The clip a pipeline looks at, as frames. */
import { assertNever, ok } from '#engine/contract/outcome.ts';
import type { ClipSource } from '#engine/contract/sources.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { framesText } from '#engine/node/wire.ts';

function clipName(source: ClipSource): string {
  switch (source.kind) {
    case 'none':
      return 'no clip';
    case 'clip':
      return source.path.split(/[\\/]/).at(-1) ?? '';
    case 'moving-scene':
      return `scene ${source.seed} in motion`;
    default:
      return assertNever(source);
  }
}

export const video = defineNode({
  type: 'input/video',
  version: 1,
  family: 'input',
  title: 'Video',
  about:
    'A clip from a folder of frames, an animated GIF or WebP, a video file, or a scene in motion drawn by the Shapes generator, of which a number of frames is taken ' +
    'evenly from the first to the last. Each frame goes through the encoder by itself; their tokens follow one another ' +
    'in the prompt as one run. Video files are read by ffmpeg, which has to be installed.',
  references: [
    {
      title: 'Video-LLaVA: Learning United Visual Representation by Alignment Before Projection',
      url: 'https://arxiv.org/abs/2311.10122',
    },
  ],
  params: {
    source: {
      kind: 'clip',
      label: 'Clip',
      help: 'A folder of PNG, JPEG, WebP or TIFF frames, an animated GIF or WebP, or a video file.',
      default: { kind: 'none' },
    },
    frames: {
      kind: 'integer',
      label: 'Frames',
      help: 'Taken evenly, the first and the last among them; of a clip with fewer, some several times.',
      default: 8,
      min: 1,
      max: 64,
    },
  },
  inputs: {},
  outputs: { frames: { kind: 'image', title: 'Frames' } },
  infer: ({ params: { frames } }) =>
    ok({
      outputs: {
        frames: {
          kind: 'image',
          width: null,
          height: null,
          pictures: { known: true, views: frames, most: frames, items: 1, media: 'video' },
        },
      },
    }),
  summary: ({ source, frames }) => {
    return `${clipName(source)} · ${framesText(frames)}`;
  },
  shows: [{ kind: 'views', port: 'frames' }],
  body: {
    kind: 'host',
    step: ({ params: { source, frames } }) => ({ kind: 'load-clip', source, frames }),
  },
});
