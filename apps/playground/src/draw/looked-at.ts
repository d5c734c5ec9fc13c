/** What the squares of a picture looked at when they were drawn. */
export interface LookedAt {
  words: string[];
  layers: number;
  /** Squares, row after row. */
  places: number;
  /** [layers, places, words], row after row: mean shares of all heads. */
  ofWords: Float32Array;
  /** [layers, places, places]: only of places before. */
  ofPlaces: Float32Array;
}

/**
 * By words and squares, from attention by positions.
 *
 * @param weights [layers, places, positions]: of the positions that tell the squares. Positions are the start, the
 *   text's, and the squares but for the last.
 * @param words The words, each with its positions in the text.
 */
export function foldAttention(
  weights: Float32Array,
  places: number,
  textLength: number,
  words: readonly { word: string; positions: readonly number[] }[],
): LookedAt {
  const positions = textLength + places;
  const rows = weights.length / positions;
  const ofWords = new Float32Array(rows * words.length);
  const ofPlaces = new Float32Array(rows * places);
  for (let row = 0; row < rows; row++) {
    const of = weights.subarray(row * positions, (row + 1) * positions);
    for (const [i, word] of words.entries())
      for (const position of word.positions) ofWords[row * words.length + i]! += of[1 + position]!;
    ofPlaces.set(of.subarray(1 + textLength), row * places);
  }
  return { words: words.map(({ word }) => word), layers: rows / places, places, ofWords, ofPlaces };
}

/**
 * What a square looked at, in a layer or, where it is undefined, in the mean of all.
 *
 * @returns Shares that add up to 1, with `rest` for the start and the places of the text that hold no word.
 */
export function sharesOf(
  { words, layers, places, ofWords, ofPlaces }: LookedAt,
  place: number,
  layer: number | undefined,
): { words: number[]; places: Float32Array; rest: number } {
  const all = layer === undefined ? Array.from({ length: layers }, (_, i) => i) : [layer];
  const mean = (values: Float32Array, size: number) =>
    Float32Array.from({ length: size }, (_, i) =>
      all.reduce((sum, one) => sum + values[(one * places + place) * size + i]! / all.length, 0),
    );
  const byWord = Array.from(mean(ofWords, words.length));
  const byPlace = mean(ofPlaces, places);
  const sum = [...byWord, ...byPlace].reduce((a, b) => a + b, 0);
  return { words: byWord, places: byPlace, rest: Math.max(0, 1 - sum) };
}
