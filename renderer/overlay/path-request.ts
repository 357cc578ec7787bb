/** What a part of the app asks of the file dialog, and what it is told. */

export interface PathRequest {
  readonly purpose: 'open-graph' | 'picture' | 'clip' | 'folder' | 'save-graph';
  readonly title: string;
  /** For `save-graph`: the name that stands in the field at first. */
  readonly suggestedName?: string;
}

export interface ChosenPath {
  /** Absolute. */
  readonly path: string;
  /** Was there a file of this name, and did the person say that it may be replaced? */
  readonly replaces: boolean;
}
