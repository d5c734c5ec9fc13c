import { Rng } from './rng';

/**
 * Draws zeros only: for a model whose weights are loaded right away, where random ones of a large model would take
 * half a minute.
 *
 * @example
 * const clip = CLIP.fromConfig(config, { rng: new ZeroRng() });
 * await clip.loadTensors(await readSafetensorsFile('model.safetensors'));
 */
export class ZeroRng extends Rng {
  constructor() {
    super(0);
  }

  override normalArray(size: number): Float32Array {
    return new Float32Array(size);
  }

  override uniformArray(size: number): Float32Array {
    return new Float32Array(size);
  }

  override normal(): number {
    return 0;
  }

  override truncatedNormal(): number {
    return 0;
  }

  override split(): Rng {
    return this;
  }
}
