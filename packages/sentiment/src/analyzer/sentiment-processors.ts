import type {
  AudioFeatures,
  ImageProcessor,
  TokenizeOptions,
  Tokenizer,
  Waveform,
} from '@crossmodal/processing';

/** What makes an analyzer's inputs of texts, pictures and sounds. */
export interface SentimentProcessors {
  tokenizer?: Tokenizer | undefined;
  /** One whose images have one size. */
  imageProcessor?: ImageProcessor | undefined;
  /** An `AudioProcessor` of `@crossmodal/processing`, or what is like one. */
  audioProcessor?:
    | { process(sounds: readonly Waveform[]): AudioFeatures | Promise<AudioFeatures> }
    | undefined;
  /** How texts are cut and padded. Default: the tokenizer's way. */
  tokenize?: TokenizeOptions | undefined;
  /** Files that the tokenizer was read from, by name, to be saved with the model. */
  files?: Readonly<Record<string, Uint8Array>> | undefined;
}
