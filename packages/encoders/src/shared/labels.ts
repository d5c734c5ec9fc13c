/**
 * How many classes the head of a published model tells apart: as many as its configuration names, or says.
 * Undefined for a configuration that does neither (transformers builds 2 then).
 */
export function readNumLabels(json: unknown): number | undefined {
  const { id2label, num_labels } = json as { id2label?: Record<string, string>; num_labels?: number };
  return id2label ? Object.keys(id2label).length : num_labels;
}
