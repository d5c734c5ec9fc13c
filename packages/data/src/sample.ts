/** A picture with its texts. */
export interface ImageTextSample {
  /** Its name in the data set. */
  key: string;
  /** The encoded image (PNG, JPEG, WebP ...), not yet decoded, or the path of its file. */
  image: Uint8Array | string;
  /** At least one, none empty. */
  texts: string[];
  /** What else the data set says about it. */
  metadata: Record<string, unknown>;
}

/** A line of a table. */
export interface Row {
  /** File and number, as `train.csv:12`; rows are counted from 0. */
  key: string;
  /** The path of the file. */
  file: string;
  /** By column. */
  values: Record<string, unknown>;
}
