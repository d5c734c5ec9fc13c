import { language } from '../settings';
import { formatText, type TextValues } from './format-text';
import { findText, type TextKey } from './texts';

/** A text in the language in use: `t('search.found', { count: 3 })`. A component that calls it follows the language. */
export function t(key: TextKey, values: TextValues = {}): string {
  return formatText(findText(key, language.value) ?? key, values, language.value);
}
