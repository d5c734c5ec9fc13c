import type { ImageInput, Waveform } from '@crossmodal/processing';

/** What somebody said, showed or both; at least one of the three. */
export interface SentimentInput {
  text?: string | undefined;
  /** Encoded (PNG, JPEG, WebP ...): bytes, a blob, a URL, or the path of a file where there are files; or decoded. */
  image?: ImageInput | undefined;
  audio?: Waveform | undefined;
}

/** An input with what people said about it. */
export interface SentimentSample extends SentimentInput {
  /** Its name in the data set. */
  key: string;
  /** A class (0 negative, 1 neutral, 2 positive), or a score where the data set has scores. */
  label: number;
  /** Labels of the single modalities, where the data set has them (CH-SIMS, MVSA). */
  modalityLabels?: Readonly<Record<string, number>> | undefined;
  /** What else the data set says about it. */
  metadata?: Record<string, unknown> | undefined;
}
