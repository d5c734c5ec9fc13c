/** The classes of sentences with pictures, by label. */
export const LABELS = ['negative', 'neutral', 'positive'] as const;
