/** What a language model was taught to see in text around a picture, and between its views. */

/** Before and behind one view. */
export interface AroundView {
  readonly before: string;
  readonly behind: string;
}

/**
 * Texts of a prompt, special tokens by their names. In those around a tile, `{row}` and `{column}` stand for its place,
 * counted from 1.
 */
export interface PictureLayout {
  /** What stands for a picture in templates, beside the token of a picture; empty where nothing else does. */
  readonly marker: string;
  /** Before everything of one picture or clip, and behind it. */
  readonly opens: string;
  readonly closes: string;
  /** Behind what closes, where a word follows at once. */
  readonly beforeWord: string;
  /** Around a picture without tiles, and around each frame of a clip. */
  readonly alone: AroundView;
  /** Around the whole of a picture that has tiles as well. */
  readonly whole: AroundView;
  readonly tile: AroundView;
  readonly betweenTiles: string;
  readonly betweenTileRows: string;
  /** Between the rows of the grid that the tokens of one view lie on. */
  readonly betweenTokenRows: string;
}
