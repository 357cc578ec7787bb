/** The size of the pictures that a graph is built for, where what becomes of them depends on it. */
const side = {
  kind: 'integer',
  help: 'Of the pictures that come in; the graph is built for what becomes of them.',
  min: 1,
  max: 65_535,
  unit: 'px',
} as const;

export const pictureSizeParams = {
  pictureWidth: { ...side, label: 'Picture width', default: 640 },
  pictureHeight: { ...side, label: 'Picture height', default: 480 },
} as const;

export const roundingParam = {
  kind: 'choice',
  label: 'Rounding',
  help: 'How sides become whole patches.',
  default: 'down',
  options: [
    { value: 'down', label: 'Down', about: 'LLaVA-UHD.' },
    { value: 'nearest', label: 'To the nearest', about: 'MiniCPM-V.' },
  ],
} as const;

/** Source: LLaVA-UHD's scale_resolution. */
export const areaSideParam = {
  kind: 'integer',
  label: 'Scale',
  default: 448,
  min: 8,
  max: 4096,
  unit: 'px',
} as const;
