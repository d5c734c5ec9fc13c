/** Steps of brightness below this are shading, not an edge. */
const EDGE_FLOOR = 0.15 * 255;
const EDGE_GAIN = 2;

/**
 * Draws a dark line along the edges of a square RGBA picture, in place, as designers do who outline their shapes.
 *
 * The edge is the largest difference within 3 x 3 pixels, of the picture laid on white and of its alpha:
 * `edge = clamp(2 (difference - 0.15), 0, 1)`. Colours become `colour (1 - strength edge)`.
 *
 * @param pixels [size, size, RGBA], colours not multiplied by alpha
 * @param strength of the line, 0 to 1
 * @param lineArt whether shapes are filled with white first, so that only lines are left
 */
export function drawOutline(pixels: Uint8Array, size: number, strength: number, lineArt: boolean): void {
  const edges = edgeMap(pixels, size);
  for (let i = 0, at = 0; i < edges.length; i++, at += 4) {
    const line = strength * edges[i]!;
    const alpha = pixels[at + 3]! / 255;
    const covered = Math.max(alpha, line);
    if (covered === 0) continue;
    const keep = (alpha * (1 - line)) / covered;
    for (let c = at; c < at + 3; c++) pixels[c] = Math.round((lineArt ? 255 : pixels[c]!) * keep);
    pixels[at + 3] = Math.round(covered * 255);
  }
}

function edgeMap(pixels: Uint8Array, size: number): Float32Array {
  const count = size * size;
  const edges = new Float32Array(count);
  const plane = new Float32Array(count);
  const low = new Float32Array(count);
  const high = new Float32Array(count);
  for (let channel = 0; channel < 4; channel++) {
    for (let i = 0, at = 0; i < count; i++, at += 4) {
      const alpha = pixels[at + 3]!;
      plane[i] = channel === 3 ? alpha : 255 + ((pixels[at + channel]! - 255) * alpha) / 255;
    }
    for (let y = 0, i = 0; y < size; y++) {
      for (let x = 0; x < size; x++, i++) {
        const left = plane[x > 0 ? i - 1 : i]!;
        const right = plane[x < size - 1 ? i + 1 : i]!;
        const middle = plane[i]!;
        low[i] = Math.min(left, middle, right);
        high[i] = Math.max(left, middle, right);
      }
    }
    for (let y = 0, i = 0; y < size; y++) {
      const up = y > 0 ? -size : 0;
      const down = y < size - 1 ? size : 0;
      for (let x = 0; x < size; x++, i++) {
        const difference =
          Math.max(high[i + up]!, high[i]!, high[i + down]!) -
          Math.min(low[i + up]!, low[i]!, low[i + down]!);
        if (difference > edges[i]!) edges[i] = difference;
      }
    }
  }
  for (let i = 0; i < count; i++) {
    edges[i] = Math.min(1, Math.max(0, ((edges[i]! - EDGE_FLOOR) * EDGE_GAIN) / 255));
  }
  return edges;
}
