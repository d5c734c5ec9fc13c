/** Marks crossmodal's own errors, so that `isCrossmodalError` of `@crossmodal/core` knows these too. */
const marker = Symbol.for('crossmodal.error');

class ProcessingError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    Object.defineProperty(this, marker, { value: new.target.name });
  }

  /** By the mark, so that another copy of this module knows the error too. */
  static override [Symbol.hasInstance](error: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: the class that was asked, not this one
    return typeof error === 'object' && error !== null && Reflect.get(error, marker) === this.name;
  }
}

/** An image, text or file from outside cannot be used. */
export class DataError extends ProcessingError {}
/** An argument, option or name is not acceptable. */
export class ConfigError extends ProcessingError {}
