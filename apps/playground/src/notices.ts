import { signal } from '@preact/signals';
import type { TextValues } from './i18n/format-text';
import type { TextKey } from './i18n/texts';

export interface NoticeEntry {
  id: number;
  kind: 'info' | 'warning' | 'error';
  text: TextKey;
  values: TextValues;
}

/** What the page tells the user above the tabs, the oldest first. */
export const notices = signal<readonly NoticeEntry[]>([]);
let nextId = 0;

/** Tells the user something; the same thing is told once. */
export function notify(kind: NoticeEntry['kind'], text: TextKey, values: TextValues = {}): void {
  const others = notices.value.filter((notice) => notice.text !== text);
  notices.value = [...others, { id: nextId++, kind, text, values }];
}

export function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}

/** Takes back a notice that no longer holds. */
export function withdraw(text: TextKey): void {
  notices.value = notices.value.filter((notice) => notice.text !== text);
}
