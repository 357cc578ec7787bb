/** What is open over everything else, as a value. Which dialog shows it, the window decides. */
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import type { ChosenPath, PathRequest } from './path-request.ts';
import type { Question } from './question.ts';

export type Overlay =
  | { readonly kind: 'command-palette' }
  | { readonly kind: 'shortcuts' }
  | { readonly kind: 'licences' }
  | { readonly kind: 'export-models' }
  /** Two presets of the gallery. */
  | { readonly kind: 'compare-presets'; readonly ids: readonly [string, string] }
  | {
      readonly kind: 'choose-path';
      readonly request: PathRequest;
      readonly answer: (chosen: ChosenPath | null) => void;
    }
  | {
      readonly kind: 'question';
      readonly question: Question;
      readonly answer: (id: string | null) => void;
    }
  /** From this port a wire is being drawn by keyboard. */
  | {
      readonly kind: 'connect';
      readonly node: string;
      readonly port: string;
      readonly side: 'inputs' | 'outputs';
    };

interface Open {
  readonly overlay: Overlay | null;
}

const open = createStore<Open>(() => ({ overlay: null }));

export function useOverlay(): Overlay | null {
  return useStore(open, ({ overlay }) => overlay);
}

export const isOverlayOpen = (): boolean => open.getState().overlay !== null;

/** Whatever was open gives way, and its question counts as not answered. */
export const showOverlay = (overlay: Overlay): void => open.setState({ overlay });

/** Whatever is open, or only an overlay of this kind. */
export function closeOverlay(kind?: Overlay['kind']): void {
  if (kind === undefined || open.getState().overlay?.kind === kind)
    open.setState({ overlay: null });
}

/** Shows an overlay and waits for its answer; null where it goes away without one. */
export function overlayAnswer<Answer>(
  overlayWith: (answer: (value: Answer | null) => void) => Overlay,
): Promise<Answer | null> {
  return new Promise((resolve) => {
    const overlay = overlayWith((value) => {
      resolve(value);
      if (open.getState().overlay === overlay) closeOverlay();
    });
    showOverlay(overlay);
    const stop = open.subscribe(({ overlay: shown }) => {
      if (shown === overlay) return;
      stop();
      resolve(null);
    });
  });
}
