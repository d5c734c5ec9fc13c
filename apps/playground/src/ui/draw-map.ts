import type { RawPixels } from './pixel-picture';

/** For the words, and against them. */
const FOR = [226, 96, 12] as const;
const AGAINST = [40, 84, 222] as const;
const STRONGEST = 190;

/**
 * Draws a map [rows, columns] over a picture, the strongest place in the fullest colour.
 *
 * @param sharp Whether places stay squares.
 */
export function drawMap(
  map: Float32Array,
  columns: number,
  sharp = false,
): (context: CanvasRenderingContext2D, width: number, height: number) => void {
  const rows = map.length / columns;
  const most = map.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return (context, width, height) => {
    if (most === 0) return;
    const small = new OffscreenCanvas(columns, rows);
    const pixels = new ImageData(columns, rows);
    for (const [i, value] of map.entries()) {
      const color = value > 0 ? FOR : AGAINST;
      for (let c = 0; c < 3; c++) pixels.data[4 * i + c] = color[c]!;
      pixels.data[4 * i + 3] = (STRONGEST * Math.abs(value)) / most;
    }
    small.getContext('2d')!.putImageData(pixels, 0, 0);
    context.imageSmoothingEnabled = !sharp;
    context.imageSmoothingQuality = 'high';
    context.drawImage(small, 0, 0, width, height);
  };
}

/** The picture in greys, so that what is drawn over it can be told by its colour. */
export function inGreys({ data, width, height }: RawPixels): RawPixels {
  const grey = new Uint8ClampedArray(data);
  for (let i = 0; i < data.length; i += 4) {
    const light = 0.299 * data[i]! + 0.587 * data[i + 1]! + 0.114 * data[i + 2]!;
    grey[i] = grey[i + 1] = grey[i + 2] = light;
  }
  return { data: grey, width, height };
}
