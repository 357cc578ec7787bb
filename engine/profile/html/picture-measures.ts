/** Measures of a card in the picture: as wide as on the canvas and never higher, so that cards stay apart. */
export const cardPx = {
  width: 208,
  padding: 10,
  head: 32,
  summary: 18,
  port: 20,
  time: 30,
  edge: 6,
} as const;

/** Around all cards. */
export const framePx = 24;
