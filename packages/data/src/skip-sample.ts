import { DataError, isCrossmodalError } from '@crossmodal/core';

/**
 * Says that a sample cannot be used: {@link samples} counts it and goes on. Thrown by sources and by the function
 * of {@link mapSamples}.
 *
 * @example
 * mapSamples(source, (sample) => {
 *   if (sample.metadata['nsfw']) throw new SkipSample('not safe');
 *   return sample;
 * });
 */
export class SkipSample extends DataError {
  /** What it is counted under: few words, the same for all samples of the kind. */
  readonly reason: string;

  constructor(reason: string, detail: string = reason, options?: ErrorOptions) {
    super(detail, options);
    this.reason = reason;
  }
}

/** Whether an error says that the data are at fault: core's, or processing's. */
export function isDataError(error: unknown): error is Error {
  return isCrossmodalError(error) && (error instanceof DataError || (error as Error).name === 'DataError');
}

/** The words of an error. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
