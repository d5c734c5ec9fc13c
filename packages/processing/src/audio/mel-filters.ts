/** Weights of one mel band, from bin `first` on. */
export interface MelFilter {
  first: number;
  weights: Float64Array;
}

interface MelFilterOptions {
  sampleRate: number;
  nFft: number;
  fMin: number;
  fMax: number;
  nMels: number;
  melScale: 'htk' | 'slaney';
  norm: 'slaney' | undefined;
}

/** Triangles between neighbouring mel frequencies; only what is not zero is kept. */
export function melFilters(options: MelFilterOptions): MelFilter[] {
  const { sampleRate, nFft, fMin, fMax, nMels, melScale, norm } = options;
  const { toMel, toHertz } = SCALES[melScale];
  const [low, high] = [toMel(fMin), toMel(fMax)];
  const edges = Array.from({ length: nMels + 2 }, (_, i) => toHertz(low + ((high - low) * i) / (nMels + 1)));
  const bins = Math.floor(nFft / 2) + 1;
  return Array.from({ length: nMels }, (_, m) => {
    const [left, middle, right] = [edges[m]!, edges[m + 1]!, edges[m + 2]!];
    const scale = norm === 'slaney' ? 2 / (right - left) : 1;
    const first = Math.min(bins, Math.floor((left * nFft) / sampleRate) + 1);
    const end = Math.max(first, Math.min(bins, Math.ceil((right * nFft) / sampleRate)));
    const weights = Float64Array.from({ length: end - first }, (_, i) => {
      const frequency = ((first + i) * sampleRate) / nFft;
      const [rise, fall] = [(frequency - left) / (middle - left), (right - frequency) / (right - middle)];
      return scale * Math.max(0, Math.min(rise, fall));
    });
    return { first, weights };
  });
}

const SLANEY_STEP = 200 / 3; // Hz a mel, below the break
const SLANEY_BREAK = 1000; // Hz
const SLANEY_LOG_STEP = Math.log(6.4) / 27; // a mel, above it

const SCALES = {
  htk: {
    toMel: (hertz: number) => 2595 * Math.log10(1 + hertz / 700),
    toHertz: (mel: number) => 700 * (10 ** (mel / 2595) - 1),
  },
  /** Linear, then logarithmic: Slaney's Auditory Toolbox, 1998. */
  slaney: {
    toMel: (hertz: number) =>
      hertz < SLANEY_BREAK
        ? hertz / SLANEY_STEP
        : SLANEY_BREAK / SLANEY_STEP + Math.log(hertz / SLANEY_BREAK) / SLANEY_LOG_STEP,
    toHertz: (mel: number) =>
      mel < SLANEY_BREAK / SLANEY_STEP
        ? mel * SLANEY_STEP
        : SLANEY_BREAK * Math.exp(SLANEY_LOG_STEP * (mel - SLANEY_BREAK / SLANEY_STEP)),
  },
};
