/** Tells the host which files and folders the person chose, so that graphs may name them. */
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import { askPlain, host } from './host-client.ts';

interface ChosenPlaces {
  /** How many were chosen in this window: with each, more may be read than before. */
  readonly count: number;
}

const chosenPlaces = createStore<ChosenPlaces>(() => ({ count: 0 }));

export function useChosenCount(): number {
  return useStore(chosenPlaces, ({ count }) => count);
}

/** As a dialog gave it, or as a person typed it for a graph that lies in `baseFolder`. */
export async function choosePlace(path: string, baseFolder?: string): Promise<void> {
  const place = { path, ...(baseFolder !== undefined && { baseFolder }) };
  await askPlain(host.files.choosePlace.mutate(place), undefined);
  chosenPlaces.setState(({ count }) => ({ count: count + 1 }));
}
