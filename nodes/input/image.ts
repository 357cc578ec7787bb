/** The picture a pipeline looks at. */
import { ok } from '#engine/contract/outcome.ts';
import { defineNode } from '#engine/node/node-definition.ts';

export const image = defineNode({
  type: 'input/image',
  version: 1,
  family: 'input',
  title: 'Image',
  about: 'A picture from a file, one of the samples, or a scene drawn by the Shapes generator.',
  references: [],
  params: {
    source: {
      kind: 'image',
      label: 'Picture',
      help: 'PNG, JPEG, WebP, GIF, TIFF or AVIF.',
      default: { kind: 'sample', name: 'shapes-circle' },
    },
  },
  inputs: {},
  outputs: { image: { kind: 'image', title: 'Image' } },
  infer: () => ok({ outputs: { image: { kind: 'image', width: null, height: null } } }),
  summary: ({ source }) => {
    switch (source.kind) {
      case 'none':
        return 'no picture';
      case 'file':
        return source.path.split(/[\\/]/).at(-1) ?? source.path;
      case 'sample':
        return source.name;
      case 'scene':
        return `scene ${source.seed}`;
    }
  },
  body: { kind: 'host', step: ({ params: { source } }) => ({ kind: 'load-image', source }) },
});
