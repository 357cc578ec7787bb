/** What every card needs to know of the graph it belongs to. */
import { createContext, useContext } from 'react';

export interface CardContextValue {
  readonly documentId: string;
  /** Relative paths in the graph are taken from here. */
  readonly baseFolder: string | undefined;
}

export const CardContext = createContext<CardContextValue>({
  documentId: '',
  baseFolder: undefined,
});

/** Seen from so far away that no small text can be read, cards draw none and spare its elements. */
export const FarContext = createContext(false);

export const useCardContext = (): CardContextValue => useContext(CardContext);
