import type { PixelValues } from '@crossmodal/processing';

/** Ids or a mask, row after row. */
export interface TokenRows {
  data: Int32Array;
  shape: [texts: number, length: number];
}

/** A batch of pairs as plain arrays, which can be passed between threads. */
export interface ImageTextBatch {
  /** `[batch, height, width, 3]`. */
  pixelValues: PixelValues;
  /** `[batch, length]`. */
  inputIds: TokenRows;
  /** 1 where there is a token, `[batch, length]`. */
  attentionMask: TokenRows;
  /** The text of each row. */
  texts: string[];
  /** The key of each row. */
  keys: string[];
}
