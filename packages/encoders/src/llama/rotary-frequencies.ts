/** How a model's rotary positions are stretched beyond the length that it was first trained on. */
export type RopeScaling =
  | {
      /** Every distance counts as `1 / factor` of it. Chen et al. 2023, equation 4. */
      ropeType: 'linear';
      factor: number;
    }
  | {
      /** Slow turns alone are slowed down by `factor`. Grattafiori et al. 2024 (Llama 3.1). */
      ropeType: 'llama3';
      factor: number;
      /** Pairs that turn less often than this within the original length are slowed down in full. */
      lowFreqFactor: number;
      /** Those that turn more often than this stay as they are. */
      highFreqFactor: number;
      /** The length that the model was first trained on, in tokens. */
      originalMaxPositionEmbeddings: number;
    };

/**
 * Radians for each position, of each pair of a head: `theta^(-2i / headDim)`, scaled. Su et al. 2021, equation 15.
 *
 * @returns headDim / 2 numbers.
 * @example
 * rotaryFrequencies(4, 10000); // [1, 0.01]
 */
export function rotaryFrequencies(headDim: number, theta: number, scaling?: RopeScaling): number[] {
  const plain = Array.from({ length: headDim / 2 }, (_, i) => theta ** ((-2 * i) / headDim));
  if (!scaling) return plain;
  const { factor } = scaling;
  if (scaling.ropeType === 'linear') return plain.map((frequency) => frequency / factor);
  const { lowFreqFactor: low, highFreqFactor: high, originalMaxPositionEmbeddings: length } = scaling;
  return plain.map((frequency) => {
    const turns = (length * frequency) / (2 * Math.PI); // within the original length
    const kept = Math.min(1, Math.max(0, (turns - low) / (high - low)));
    return frequency * (kept + (1 - kept) / factor);
  });
}
