import { effect, signal } from '@preact/signals';
import type { Language } from './i18n/texts';

export type Theme = 'system' | 'light' | 'dark';
/** The model that comes with the page, or one that was trained in it. */
export type ModelWanted = 'shipped' | 'trained';
export type EngineWanted = 'auto' | 'webgpu' | 'wasm';

const THEMES: readonly Theme[] = ['system', 'light', 'dark'];
const LANGUAGES: readonly Language[] = ['en', 'zh'];
const ENGINES: readonly EngineWanted[] = ['auto', 'webgpu', 'wasm'];
const MODELS: readonly ModelWanted[] = ['shipped', 'trained'];

/** `?engine=wasm&language=zh&software-gpu`: what a link or a test asks for. */
const asked = new URLSearchParams(location.search);

export const theme = signal(read('theme', THEMES) ?? 'system');
export const language = signal<Language>(
  read('language', LANGUAGES) ?? (navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en'),
);
export const engineWanted = signal(read('engine', ENGINES) ?? 'auto');
/** Of Search and Understand. */
export const modelWanted = signal(read('model', MODELS) ?? 'shipped');
/** Whether a GPU in software will do: slow, for tests. Only by the address of the page. */
export const allowsSoftwareGpu = asked.has('software-gpu');

effect(() => {
  keep('theme', theme.value);
  if (theme.value === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme.value;
});
effect(() => {
  keep('language', language.value);
  document.documentElement.lang = language.value === 'zh' ? 'zh-Hans' : 'en';
});
effect(() => keep('engine', engineWanted.value));
effect(() => keep('model', modelWanted.value));

function read<T extends string>(name: string, known: readonly T[]): T | undefined {
  const value = asked.get(name) ?? stored(name);
  return known.find((one) => one === value);
}

function stored(name: string): string | null {
  try {
    return localStorage.getItem(`playground-${name}`);
  } catch {
    return null; // the browser keeps nothing for this page
  }
}

function keep(name: string, value: string): void {
  if (asked.has(name)) return; // a link does not change what the user chose
  try {
    localStorage.setItem(`playground-${name}`, value);
  } catch {
    // Kept for this visit only.
  }
}
