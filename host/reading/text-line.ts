/** What is written in a picture, line by line, as Tesseract tells it. */

/** In pixels of the picture; right and bottom are the first that no longer belong to it. */
export interface TextBox {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface TextLine {
  readonly text: string;
  readonly box: TextBox;
  /** Lines of one block belong together. */
  readonly block: number;
}

/** As Tesseract gives it, of the picture that it was given. */
export interface FoundBox {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

export interface FoundWord {
  readonly text: string;
  /** From 0 to 100. */
  readonly confidence: number;
  readonly bbox: FoundBox;
}

export interface FoundBlock {
  readonly paragraphs: readonly {
    readonly lines: readonly { readonly words: readonly FoundWord[] }[];
  }[];
}

export interface ReadingRules {
  readonly leastConfidence: number;
  /** How many times as large as the picture the one was that was read. */
  readonly enlarge: number;
}

/** In the order in which they are read; words that are none, or not sure enough, are left out. */
export function textLines(
  blocks: readonly FoundBlock[],
  { leastConfidence, enlarge }: ReadingRules,
): readonly TextLine[] {
  return blocks.flatMap(({ paragraphs }, block) =>
    paragraphs
      .flatMap(({ lines }) => lines)
      .flatMap(({ words }): readonly TextLine[] => {
        const sure = words.filter(
          ({ text, confidence }) => confidence >= leastConfidence && hasSign(text),
        );
        if (sure.length === 0) return [];
        const text = sure.map((word) => word.text.trim()).join(' ');
        const box = aroundAll(sure.map(({ bbox }) => boxOf(bbox, enlarge)));
        return [{ text, box, block }];
      }),
  );
}

/** Strokes and specks are read as punctuation. */
const hasSign = (text: string): boolean => /[\p{L}\p{N}]/u.test(text);

const boxOf = ({ x0, y0, x1, y1 }: FoundBox, enlarge: number): TextBox => ({
  left: Math.floor(x0 / enlarge),
  top: Math.floor(y0 / enlarge),
  right: Math.ceil(x1 / enlarge),
  bottom: Math.ceil(y1 / enlarge),
});

/** The smallest box that holds all, of which there is one at least. */
export function aroundAll(boxes: readonly TextBox[]): TextBox {
  return {
    left: Math.min(...boxes.map(({ left }) => left)),
    top: Math.min(...boxes.map(({ top }) => top)),
    right: Math.max(...boxes.map(({ right }) => right)),
    bottom: Math.max(...boxes.map(({ bottom }) => bottom)),
  };
}
