import type { TextValues } from './i18n/format-text';
import { t } from './i18n/t';
import { findText, type TextKey } from './i18n/texts';

/** What to tell the user about an error, also one that came from the worker. */
export function errorText(error: unknown): string {
  const { code, values } = (error ?? {}) as { code?: unknown; values?: TextValues };
  if (typeof code === 'string' && findText(code, 'en') !== undefined) return t(code as TextKey, values);
  return t('shell.unknownError', { problem: error instanceof Error ? error.message : String(error) });
}

/** Whether the user stopped the work. */
export function isStopped(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
