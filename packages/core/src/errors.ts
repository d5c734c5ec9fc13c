/** Base of every error that crossmodal throws on purpose. Recognise one with {@link isCrossmodalError}. */
export class CrossmodalError extends Error {
  static readonly marker: unique symbol = Symbol.for('crossmodal.error') as never;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    Object.defineProperty(this, CrossmodalError.marker, { value: new.target.name });
  }
}

/** A tensor's shape or dtype is not what the function takes. */
export class ShapeError extends CrossmodalError {}
/** A configuration value, option or name is not acceptable. */
export class ConfigError extends CrossmodalError {}
/** A checkpoint or a file of weights is damaged, hostile or does not fit the model. */
export class CheckpointError extends CrossmodalError {}
/** A data set, image, text or other input from outside cannot be used. */
export class DataError extends CrossmodalError {}
/** No engine can do what was asked here. */
export class BackendError extends CrossmodalError {}
/** Training cannot go on (for example: the loss is not a number, three times in a row). */
export class TrainingError extends CrossmodalError {}

/** Whether `error` is one of crossmodal's, even when two copies of the library are loaded. */
export function isCrossmodalError(error: unknown): error is CrossmodalError {
  return typeof error === 'object' && error !== null && CrossmodalError.marker in error;
}
