import { expect, test } from 'vitest';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import type { WireType } from '#engine/node/wire.ts';
import { catalogue } from '#nodes/index.ts';
import { shapeText, shortShapeText } from './shape-text.ts';

test('a card says how many views there are, about so many where the picture decides', () => {
  const encoder = ['encoder/clip-vit', { model: 'vit-l14-336' }] as const;
  const shapes = (preprocessing: string, pictures: readonly string[]): readonly unknown[] => {
    const document = sketchDocument(
      {
        ...Object.fromEntries(pictures.map((id) => [id, ['input/image'] as const])),
        preprocess: [preprocessing],
        encoder,
      },
      [
        ...pictures.map((id) => `${id}.image > preprocess.image`),
        'preprocess.pixels > encoder.pixels',
      ],
    );
    const { nodes } = checkGraph(document, catalogue);
    const wires = [nodes['preprocess']?.outputs['pixels'], nodes['encoder']?.outputs['tokens']];
    return wires.map((wire) => shapeText(wire as WireType));
  };
  expect(shapes('vision/preprocess', ['one'])).toEqual(['3 × 336 × 336', '576 × 1024']);
  expect(shapes('vision/preprocess', ['one', 'two'])).toEqual([
    '2 × 3 × 336 × 336',
    '2 × 576 × 1024',
  ]);
  expect(shapes('vision/anyres-tiles', ['one'])).toEqual([
    '≈ 5 × 3 × 336 × 336',
    '≈ 5 × 576 × 1024',
  ]);
});

test('a clip says how many frames it gives, a short wire the number alone', () => {
  const texts = (frames: number): readonly unknown[] => {
    const document = sketchDocument({ video: ['input/video', { frames }] }, []);
    const wire = checkGraph(document, catalogue).nodes['video']?.outputs['frames'] as WireType;
    return [shapeText(wire), shortShapeText(wire)];
  };
  expect(texts(8)).toEqual(['8 frames', '8']);
  expect(texts(1)).toEqual(['1 frame', '1']);
});
