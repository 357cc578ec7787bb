/** What of the inspector is open: the same for every node that is looked at, as long as the window is. */
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';

const opened = createStore(() => ({
  sampling: false,
  architecture: false,
  attention: false,
  positions: false,
  words: false,
  about: false,
}));

export type FoldName = keyof ReturnType<typeof opened.getState>;

export function useFold(name: FoldName): readonly [boolean, (isOpen: boolean) => void] {
  const isOpen = useStore(opened, (state) => state[name]);
  return [isOpen, (next) => opened.setState({ [name]: next })];
}
