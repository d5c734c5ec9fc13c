/** A field's name as files have it: `numBatchesTracked` is `num_batches_tracked`, `layerNorm1` is `layer_norm1`. */
export function snakeCase(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
}
