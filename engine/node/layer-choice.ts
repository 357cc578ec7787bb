/** Which layers of a model a part is for, without knowing how many there are. */

/** The layers in words; or from one on every so many; or each by its number. Layers count from 0. */
export type LayerChoice =
  | NamedLayers
  | { readonly from: number; readonly every: number }
  | { readonly listed: readonly number[] };

export type NamedLayers = 'all' | 'every-second' | 'first-half' | 'second-half';

const named = [
  { value: 'all', label: 'All' },
  { value: 'every-second', label: 'Every second', about: 'Layers 0, 2, 4 and so on.' },
  { value: 'first-half', label: 'First half' },
  { value: 'second-half', label: 'Second half' },
] as const;

const numbered = [
  ...named,
  {
    value: 'from-on',
    label: 'From a layer on',
    about: 'One layer and all behind it, or every so many of them.',
  },
  { value: 'listed', label: 'By number', about: 'Just the layers whose numbers are given.' },
] as const;

const asked = (help: string) => ({ kind: 'choice', label: 'Layers', help }) as const;

/** The parameter by which a part says so. */
export const layerChoiceParam = <const Standard extends NamedLayers>(
  help: string,
  standard: Standard,
) => ({ ...asked(help), default: standard, options: named }) as const;

/** As `layerChoiceParam`, for parts that published models have at layers of any numbers; which of them is shown is the part's to say. */
export const layerNumberParams = <const Standard extends NamedLayers>(
  help: string,
  standard: Standard,
) =>
  ({
    layers: { ...asked(help), default: standard, options: numbered },
    firstLayer: {
      kind: 'integer',
      label: 'First layer',
      help: 'The first of the layers, counted from 0; those before it stay as they are.',
      default: 0,
      min: 0,
      max: 511,
    },
    layerStep: {
      kind: 'integer',
      label: 'Every so many',
      help: '1 takes each layer from there on, 2 every second, 4 every fourth.',
      default: 1,
      min: 1,
      max: 512,
    },
    layerList: {
      kind: 'text',
      label: 'Layer numbers',
      help: 'Counted from 0, with commas between them, such as 1, 3, 5.',
      default: '0',
      maxCharacters: 4000,
      lines: 1,
    },
  }) as const;

interface LayerNumbers {
  readonly layers: NamedLayers | 'from-on' | 'listed';
  readonly firstLayer: number;
  readonly layerStep: number;
  readonly layerList: string;
}

/** The layers that these parameters say; null where the list is none. */
export function readLayers(values: LayerNumbers): LayerChoice | null {
  const { layers, firstLayer, layerStep, layerList } = values;
  if (layers === 'from-on') return { from: firstLayer, every: layerStep };
  if (layers !== 'listed') return layers;
  const words = layerList.split(',').map((word) => word.trim());
  return words.every((word) => /^\d{1,4}$/.test(word)) ? { listed: words.map(Number) } : null;
}

/** The parameters that say just these of so many layers, in as few words as there are for them. */
export function layersInNumbers(
  chosen: readonly number[],
  layerCount: number,
): Partial<LayerNumbers> {
  const [from = 0, next = layerCount] = chosen;
  const every = Math.max(1, next - from);
  const spaced = Array.from({ length: layerCount }, (_, layer) => layer).filter((layer) =>
    choosesLayer({ from, every }, layer, layerCount),
  );
  if (spaced.join() !== chosen.join()) return { layers: 'listed', layerList: chosen.join(', ') };
  if (from === 0 && every === 1) return { layers: 'all' };
  if (from === 0 && every === 2) return { layers: 'every-second' };
  return { layers: 'from-on', firstLayer: from, layerStep: every };
}

/** "from layer 1 on", "layers 3, 7, …", "layers 0, 3", or the name of the choice. */
export function layerWords(choice: LayerChoice): string {
  if (typeof choice === 'string') return `layers: ${choice}`;
  if ('listed' in choice) return `layers ${choice.listed.join(', ')}`;
  const { from, every } = choice;
  return every === 1 ? `from layer ${from} on` : `layers ${from}, ${from + every}, …`;
}

/** `layer` counts from 0. */
export function choosesLayer(choice: LayerChoice, layer: number, layerCount: number): boolean {
  if (typeof choice === 'object') {
    if ('listed' in choice) return choice.listed.includes(layer);
    return layer >= choice.from && (layer - choice.from) % choice.every === 0;
  }
  switch (choice) {
    case 'all':
      return true;
    case 'every-second':
      return layer % 2 === 0;
    case 'first-half':
      return layer < layerCount / 2;
    case 'second-half':
      return layer >= layerCount / 2;
  }
}
