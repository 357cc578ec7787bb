/** By which kernel pictures are resized. */
export const filterParam = {
  kind: 'choice',
  label: 'Filter',
  help: 'How many neighbours a pixel is mixed of when the picture is resized, and by which weights.',
  default: 'bicubic',
  options: [
    { value: 'bilinear', label: 'Bilinear', about: 'Plain ViT and Gemma 3.' },
    { value: 'bicubic', label: 'Bicubic', about: 'CLIP, SigLIP and most others.' },
    { value: 'lanczos', label: 'Lanczos', about: 'The sharpest: Idefics3 and SmolVLM.' },
  ],
  group: 'architecture',
} as const;
