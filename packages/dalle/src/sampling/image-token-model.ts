import type * as tf from '@tensorflow/tfjs-core';

/** What a decoder starts from. */
export interface DecodingStart {
  /** Ids of each row's text, without padding; none: the null text, by which guidance is done. */
  texts: readonly (readonly number[])[];
  /** For each row the first tokens of its image, all of one length. */
  prime: readonly (readonly number[])[];
}

/** Tells the tokens of several images one by one. */
export interface ImageTokenDecoder {
  /**
   * Logits of the next token of each row.
   *
   * @param tokens The one before, of each row; absent in the first call, which reads text and prime.
   * @returns float32 [rows, codebookSize]; the caller disposes it.
   */
  next(tokens?: readonly number[]): tf.Tensor2D;
  /** Releases what it keeps of the past. */
  dispose(): void;
}

/** Any model that makes images of tokens, row by row from the top, each from the left, by a text. */
export interface ImageTokenModel {
  /** Longest text, in tokens. */
  readonly textLength: number;
  /** Number of text ids. */
  readonly textVocabSize: number;
  /** Number of image ids. */
  readonly codebookSize: number;
  /** Rows of image tokens. */
  readonly gridHeight: number;
  /** Image tokens in a row. */
  readonly gridWidth: number;
  /** The caller disposes the decoder. */
  startDecoding(start: DecodingStart): ImageTokenDecoder;
}
