import type { Rng } from '@crossmodal/core';
import type { PictureStack } from './picture-stack';

/** How much pictures are changed. Normal draws are cut at 2.5 standard deviations. */
export interface AugmentStrength {
  /** Standard deviation of the turn, in degrees. */
  rotation: number;
  /** Of the logarithm of the size. */
  logScale: number;
  /** Of the logarithm of width to height. */
  logAspect: number;
  /** Of the slant. */
  shear: number;
  /** Of the shift, in halves of the side. */
  shift: number;
  /** Of the turn of the hue, in degrees. */
  hue: number;
  logSaturation: number;
  /** Probability of no colour at all. */
  grey: number;
  logContrast: number;
  brightness: number;
  /** Probability that edges are darkened, as designers with outlines draw. */
  outline: number;
  /** Probability that only edges are left, black on white. */
  lineArt: number;
  /** Probability of a coloured ground instead of white. */
  ground: number;
  /** Probability that a rectangle is covered with a colour. */
  erase: number;
}

const MEAN = 0.75;
const STD = 0.3;
/** The values of black and white in the pictures that {@link augmentPicture} writes. */
export const PIXEL_RANGE = [(0 - MEAN) / STD, (1 - MEAN) / STD] as const;
const RADIANS = Math.PI / 180;
/** Luminance and the two chromas of YIQ, whose plane a turn of the hue turns. */
const Y = [0.299, 0.587, 0.114] as const;
const I = [0.596, -0.274, -0.322] as const;
const Q = [0.211, -0.523, 0.312] as const;
const FROM_IQ = [
  [0.956, 0.621],
  [-0.272, -0.647],
  [-1.106, 1.703],
] as const;

/**
 * Writes a picture of the stack, changed at random as `strength` says, or as it is on white where there is no
 * strength: normalised RGB floats, `size x size x 3`, at `out[start]`.
 */
export function augmentPicture(
  stack: PictureStack,
  index: number,
  out: Float32Array,
  start: number,
  size: number,
  random?: { strength: AugmentStrength; rng: Rng },
): void {
  const look = random ? drawLook(random.strength, random.rng) : PLAIN;
  const { a, b, c, d, shiftX, shiftY, matrix, offset, edge, lineArt, ground } = look;
  const { pixels, edges, size: side } = stack;
  const from = index * side * side;
  const half = side / 2;
  for (let row = 0; row < size; row++) {
    const v = (2 * row + 1) / size - 1;
    for (let column = 0; column < size; column++) {
      const u = (2 * column + 1) / size - 1;
      // Bilinear, nothing outside: [-1, 1] is the picture's side.
      const x = (a * u + b * v + shiftX + 1) * half - 0.5;
      const y = (c * u + d * v + shiftY + 1) * half - 0.5;
      const x0 = Math.floor(x);
      const y0 = Math.floor(y);
      let red = 0;
      let green = 0;
      let blue = 0;
      let alpha = 0;
      let line = 0;
      for (let dy = 0; dy < 2; dy++) {
        const py = y0 + dy;
        if (py < 0 || py >= side) continue;
        const wy = dy ? y - y0 : 1 - (y - y0);
        for (let dx = 0; dx < 2; dx++) {
          const px = x0 + dx;
          if (px < 0 || px >= side) continue;
          const at = from + py * side + px;
          const w = wy * (dx ? x - x0 : 1 - (x - x0));
          const opaque = (w * pixels[at * 4 + 3]!) / 255;
          red += opaque * pixels[at * 4]!;
          green += opaque * pixels[at * 4 + 1]!;
          blue += opaque * pixels[at * 4 + 2]!;
          alpha += opaque;
          line += w * edges[at]!;
        }
      }
      const shade = (edge * line) / 255;
      const ink = offset * alpha;
      const opacity = Math.max(shade, alpha);
      const o = start + (row * size + column) * 3;
      for (let k = 0; k < 3; k++) {
        let value = lineArt
          ? alpha
          : (matrix[3 * k]! * red + matrix[3 * k + 1]! * green + matrix[3 * k + 2]! * blue) / 255 + ink;
        value = Math.min(Math.max(0, Math.min(value, 1)) * (1 - shade), opacity);
        out[o + k] = (value + ground[k]! * (1 - opacity) - MEAN) / STD;
      }
    }
  }
  const { erased } = look;
  if (!erased) return;
  for (let row = 0; row < size; row++) {
    if (Math.abs(row / size - erased.y) >= erased.height / 2) continue;
    for (let column = 0; column < size; column++) {
      if (Math.abs(column / size - erased.x) >= erased.width / 2) continue;
      const o = start + (row * size + column) * 3;
      for (let k = 0; k < 3; k++) out[o + k] = (erased.colour[k]! - MEAN) / STD;
    }
  }
}

/** One way to show a picture. */
interface Look {
  /** From places in the output to places in the picture: x = a u + b v + shiftX, y = c u + d v + shiftY. */
  a: number;
  b: number;
  c: number;
  d: number;
  shiftX: number;
  shiftY: number;
  /** [3, 3], on RGB. */
  matrix: readonly number[];
  offset: number;
  /** How black edges become, 0 to 1. */
  edge: number;
  lineArt: boolean;
  ground: readonly number[];
  erased?: { x: number; y: number; width: number; height: number; colour: readonly number[] } | undefined;
}

const PLAIN: Look = {
  a: 1,
  b: 0,
  c: 0,
  d: 1,
  shiftX: 0,
  shiftY: 0,
  matrix: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  offset: 0,
  edge: 0,
  lineArt: false,
  ground: [1, 1, 1],
};

function drawLook(strength: AugmentStrength, rng: Rng): Look {
  const normal = (std: number) => std * Math.max(-2.5, Math.min(2.5, rng.normal()));
  const colour = (low: number) => [rng.uniform(low), rng.uniform(low), rng.uniform(low)];
  const turn = normal(strength.rotation * RADIANS);
  const scale = Math.exp(normal(strength.logScale));
  const aspect = Math.exp(normal(strength.logAspect));
  const contrast = Math.exp(normal(strength.logContrast));
  const saturation = rng.bernoulli(strength.grey) ? 0 : Math.exp(normal(strength.logSaturation));
  const lineArt = rng.bernoulli(strength.lineArt);
  return {
    a: Math.cos(turn) * scale * aspect,
    b: -Math.sin(turn) * scale + normal(strength.shear),
    c: Math.sin(turn) * scale,
    d: (Math.cos(turn) * scale) / aspect,
    shiftX: normal(strength.shift),
    shiftY: normal(strength.shift),
    matrix: colourMatrix(normal(strength.hue * RADIANS), saturation, contrast),
    offset: normal(strength.brightness) + (1 - contrast) / 2,
    edge: lineArt ? 1 : rng.bernoulli(strength.outline) ? rng.uniform(0.4, 1) : 0,
    lineArt,
    ground: rng.bernoulli(strength.ground) ? colour(0.25) : PLAIN.ground,
    erased: rng.bernoulli(strength.erase)
      ? {
          x: rng.uniform(),
          y: rng.uniform(),
          width: rng.uniform(0.1, 0.4),
          height: rng.uniform(0.1, 0.4),
          colour: colour(0),
        }
      : undefined,
  };
}

/** Turns the hue and scales saturation and contrast: RGB to YIQ, turned, and back. */
function colourMatrix(hue: number, saturation: number, contrast: number): number[] {
  const cos = Math.cos(hue) * saturation;
  const sin = Math.sin(hue) * saturation;
  const matrix: number[] = [];
  for (let row = 0; row < 3; row++) {
    const [fromI, fromQ] = FROM_IQ[row]!;
    for (let column = 0; column < 3; column++) {
      const i = cos * I[column]! - sin * Q[column]!;
      const q = sin * I[column]! + cos * Q[column]!;
      matrix.push(contrast * (Y[column]! + fromI * i + fromQ * q));
    }
  }
  return matrix;
}
