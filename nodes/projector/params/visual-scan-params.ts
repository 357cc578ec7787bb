/** How a picture is scanned: the parameters of the nodes that do. */
import type { ParamValues } from '#engine/node/param.ts';
import type { VisualScanShape } from '#engine/onnx/blocks/visual-scan.ts';

export const visualScanParams = {
  routes: {
    kind: 'choice',
    label: 'Scan',
    help: 'The routes along which places are read; each has weights and states of its own.',
    default: 'bidirectional',
    options: [
      {
        value: 'bidirectional',
        label: 'bidirectional',
        about: 'Row by row, there and back: two scans.',
      },
      {
        value: 'cross',
        label: 'cross',
        about: 'Row by row and column by column, there and back: four scans.',
      },
    ],
  },
  stateSize: {
    kind: 'integer',
    label: 'State size',
    help: 'Numbers that each channel remembers along a route.',
    default: 16,
    min: 1,
    max: 1024,
    group: 'architecture',
  },
  expansion: {
    kind: 'integer',
    label: 'Expansion',
    help: 'How many times as many channels are scanned as come in.',
    default: 2,
    min: 1,
    max: 16,
    group: 'architecture',
  },
} as const;

/** The figures of a scan of tokens of so many channels. */
export function visualScanShape(
  hiddenSize: number,
  { routes, stateSize, expansion }: ParamValues<typeof visualScanParams>,
): VisualScanShape {
  return {
    hiddenSize,
    innerSize: expansion * hiddenSize,
    stateSize,
    // What VMamba, as Mamba, calls automatic.
    stepRank: Math.ceil(hiddenSize / 16),
    routes,
  };
}
