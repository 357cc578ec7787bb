/** Mean and standard deviation of red, green and blue that published models normalise by. */
export const normalisations = {
  clip: {
    mean: [0.48145466, 0.4578275, 0.40821073],
    deviation: [0.26862954, 0.26130258, 0.27577711],
  },
  half: { mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5] },
  unit: { mean: [0, 0, 0], deviation: [1, 1, 1] },
  imagenet: { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] },
} as const;

export type Normalisation = keyof typeof normalisations;

export const normalisationParam = {
  kind: 'choice',
  label: 'Normalisation',
  help: 'Which mean and deviation the colours are brought to.',
  default: 'clip',
  options: [
    { value: 'clip', label: 'CLIP' },
    { value: 'half', label: '0.5 and 0.5', about: 'Colours from −1 to 1: SigLIP.' },
    { value: 'unit', label: '0 and 1', about: 'Colours from 0 to 1: MobileCLIP, FastVLM.' },
    { value: 'imagenet', label: 'ImageNet' },
  ],
} as const;
