import { formatText, type TextValues } from './i18n/format-text';
import { findText, type TextKey } from './i18n/texts';

/** An error to show to the user: a key of the dictionaries, which the page says in the user's language. */
export class PlaygroundError extends Error {
  constructor(
    readonly code: TextKey,
    readonly values: TextValues = {},
    options?: ErrorOptions,
  ) {
    super(formatText(findText(code, 'en') ?? code, values, 'en'), options);
    this.name = 'PlaygroundError';
  }
}
