/** What a run learns from: the shipped drawings of emoji, or pairs that the user gave. */
export type RunData = 'emoji' | 'own';
/** From nothing, or from the shipped model. */
export type RunStart = 'scratch' | 'shipped';
/** Two transformers, as CLIP has, which open in `transformers`; or a convolutional tower and a bag of words. */
export type RunArchitecture = 'transformer' | 'convolution';
/** Of the words for emoji. */
export type RunWords = 'en' | 'zh' | 'both';
export type RunAugmentation = 'none' | 'light' | 'strong';

/** All that is decided before a run begins; it goes on with these alone. */
export interface RunSettings {
  data: RunData;
  words: RunWords;
  start: RunStart;
  /** The shipped model is a convolution, whatever this says. */
  architecture: RunArchitecture;
  steps: number;
  batchSize: number;
  learningRate: number;
  /** Side of the pictures that the model sees, in pixels; the shipped model has its own. */
  imageSize: number;
  augmentation: RunAugmentation;
  seed: number;
}

/** Bounds of the numbers: least, greatest. */
export const LIMITS = {
  steps: [1, 100_000],
  batchSize: [2, 512],
  learningRate: [1e-6, 1],
  seed: [0, 2 ** 31],
} as const satisfies Partial<Record<keyof RunSettings, readonly [number, number]>>;

/** Multiples of the transformer's patches and of what the convolutions halve. */
export const IMAGE_SIZES = [32, 48, 64] as const;

/** What does well without a thought, for each way to begin. */
export function defaultSettings(data: RunData, start: RunStart, architecture: RunArchitecture): RunSettings {
  const common = { data, start, architecture, words: 'both', imageSize: 32, seed: 1 } as const;
  if (start === 'shipped')
    return { ...common, steps: 200, batchSize: 64, learningRate: 2e-3, augmentation: 'light' };
  const learned = architecture === 'transformer' ? 1e-3 : 3e-3;
  return { ...common, steps: 600, batchSize: 64, learningRate: learned, augmentation: 'light' };
}

/** The first number that is out of bounds, or no number; undefined when all will do. */
export function findBadSetting(settings: RunSettings): keyof typeof LIMITS | undefined {
  const names = Object.keys(LIMITS) as (keyof typeof LIMITS)[];
  return names.find((name) => {
    const value = settings[name];
    const [least, greatest] = LIMITS[name];
    const whole = name === 'learningRate' || Number.isInteger(value);
    return !(whole && value >= least && value <= greatest);
  });
}
