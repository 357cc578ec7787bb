/** Which layers of a model a part is for, without knowing how many there are. */

export type LayerChoice = 'all' | 'every-second' | 'first-half' | 'second-half';

/** The parameter by which a part says so. */
export const layerChoiceParam = <const Standard extends LayerChoice>(
  help: string,
  standard: Standard,
) =>
  ({
    kind: 'choice',
    label: 'Layers',
    help,
    default: standard,
    options: [
      { value: 'all', label: 'All' },
      { value: 'every-second', label: 'Every second', about: 'Layers 0, 2, 4 and so on.' },
      { value: 'first-half', label: 'First half' },
      { value: 'second-half', label: 'Second half' },
    ],
  }) as const;

/** `layer` counts from 0. */
export function choosesLayer(choice: LayerChoice, layer: number, layerCount: number): boolean {
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
