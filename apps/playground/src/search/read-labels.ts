/** At most so many words are compared with what a camera sees. */
export const MOST_LABELS = 20;

/** Words of a list, all different: separated by commas, also those of Chinese, semicolons or lines. */
export function readLabels(text: string): string[] {
  const labels = text.split(/[,，、;；\n]/u).map((label) => label.trim());
  return [...new Set(labels.filter((label) => label !== ''))];
}
