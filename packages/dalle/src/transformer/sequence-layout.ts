/** How a sequence lies: the start token and the text, then the image's rows from the top, each from the left. */
export interface SequenceLayout {
  /** Positions before the image: the start token and the text. */
  textPositions: number;
  /** Rows of image tokens. */
  gridHeight: number;
  /** Image tokens in a row. */
  gridWidth: number;
}

/** Where a position is: in the text, or at a row and column of the image. */
export type Place = { text: number } | { row: number; column: number };

/** The place of a position. */
export function placeOf(position: number, { textPositions, gridWidth }: SequenceLayout): Place {
  if (position < textPositions) return { text: position };
  const index = position - textPositions;
  return { row: Math.floor(index / gridWidth), column: index % gridWidth };
}
