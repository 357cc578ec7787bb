/** Which layers of a model a part is for, without knowing how many there are. */

export const layerChoices = ['all', 'every-second', 'first-half', 'second-half'] as const;

export type LayerChoice = (typeof layerChoices)[number];

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
