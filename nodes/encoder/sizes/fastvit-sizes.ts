/** The sizes that FastViT, MobileCLIP's towers and FastViTHD were published in. */
import type { FastVitName } from './fastvit-config.ts';
import type { FastVitShape } from '../layers/fastvit-layers.ts';
import { stagesShape, type StagesShape } from '../staged/stage-sizes.ts';

export interface PublishedFastVit extends Omit<FastVitShape, keyof StagesShape> {
  readonly label: string;
  readonly widths: readonly number[];
  readonly depths: readonly number[];
}

const first: Omit<PublishedFastVit, 'label' | 'widths' | 'depths'> = {
  imageSize: 256,
  expansion: 4,
  attentionStages: 0,
  attentionNorm: 'batch',
  excitedStages: 0,
  activatedHalving: false,
  stemScale: true,
  projectionSize: 1000,
};

const attending = { ...first, attentionStages: 1 };

const mobileClip = {
  ...attending,
  expansion: 3,
  excitedStages: 2,
  activatedHalving: true,
  projectionSize: 512,
};

const highResolution: typeof first = {
  ...first,
  attentionStages: 2,
  attentionNorm: 'layer',
  activatedHalving: true,
  stemScale: false,
  projectionSize: 768,
};

const common = [64, 128, 256, 512];

export const publishedFastVits: Readonly<Record<FastVitName, PublishedFastVit>> = {
  t8: { ...first, label: 'T8', expansion: 3, widths: [48, 96, 192, 384], depths: [2, 2, 4, 2] },
  t12: { ...first, label: 'T12', expansion: 3, widths: common, depths: [2, 2, 6, 2] },
  s12: { ...first, label: 'S12', widths: common, depths: [2, 2, 6, 2] },
  sa12: { ...attending, label: 'SA12', widths: common, depths: [2, 2, 6, 2] },
  sa24: { ...attending, label: 'SA24', widths: common, depths: [4, 4, 12, 4] },
  sa36: { ...attending, label: 'SA36', widths: common, depths: [6, 6, 18, 6] },
  ma36: { ...attending, label: 'MA36', widths: [76, 152, 304, 608], depths: [6, 6, 18, 6] },
  mci0: { ...mobileClip, label: 'MobileCLIP S0 (MCi0)', widths: common, depths: [2, 6, 10, 2] },
  mci1: { ...mobileClip, label: 'MobileCLIP S1 (MCi1)', widths: common, depths: [4, 12, 20, 4] },
  mci2: {
    ...mobileClip,
    label: 'MobileCLIP S2 (MCi2)',
    widths: [80, 160, 320, 640],
    depths: [4, 12, 24, 4],
  },
  hd: {
    ...highResolution,
    label: 'FastViTHD (MCi3), 1024 px',
    imageSize: 1024,
    widths: [96, 192, 384, 768, 1536],
    depths: [2, 12, 24, 4, 2],
  },
  mci4: {
    ...highResolution,
    label: 'MobileCLIP2 S4 (MCi4)',
    widths: [128, 256, 512, 1024, 2048],
    depths: [2, 12, 24, 4, 4],
  },
};

export function shapeOfPublished({
  label: _label,
  widths,
  depths,
  ...rest
}: PublishedFastVit): FastVitShape {
  return { ...rest, ...stagesShape(widths, depths) };
}
