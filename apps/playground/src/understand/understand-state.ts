import { type Signal, signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { EmojiPicture } from '../worker/understand-service';
import { services } from '../worker-client';

export const SECTIONS = ['matrix', 'look', 'codes', 'feel'] as const;
export type Section = (typeof SECTIONS)[number];
export const section = signal<Section>('matrix');

/** A picture to look at: a file of the user's, or a drawing that comes with the page. */
export interface GivenPicture {
  /** Undefined for a file of the user's. */
  emoji?: string;
  en: string;
  zh: string;
  file: Blob;
}

/** What there is to begin with. */
const EMOJI = ['❤️', '🐱', '🌲', '🎂', '🚗', '⚽', '🍎', '😭'];
export const samples = signal<readonly EmojiPicture[]>([]);
/** What went wrong last, as it was thrown. */
export const failure = signal<unknown>();

export async function loadSamples(): Promise<void> {
  if (samples.value.length > 0) return;
  try {
    samples.value = await services.understand.emoji(EMOJI);
  } catch (error) {
    failure.value = error;
  }
}

/** A file that the user chose. */
export const ownPicture = (file: File): GivenPicture => ({ en: file.name, zh: file.name, file });

/** The picture of each section; undefined: the first of the samples. */
export const pictures: Readonly<Record<'look' | 'codes' | 'feel', Signal<GivenPicture | undefined>>> = {
  look: signal(),
  codes: signal(),
  feel: signal(),
};

/**
 * What `compute` gives for these inputs, computed anew a little after they change; what was there before stays until
 * then. One is computed at a time, and those that have become stale are passed over.
 */
export function useComputed<T>(compute: (() => Promise<T>) | undefined, inputs: readonly unknown[]) {
  const [result, setResult] = useState<T>();
  const [isBusy, setBusy] = useState(false);
  const chain = useRef(Promise.resolve());
  useEffect(() => {
    if (!compute) return;
    let isStale = false;
    const timer = setTimeout(() => {
      setBusy(true);
      chain.current = chain.current.then(async () => {
        if (isStale) return;
        try {
          const value = await compute();
          if (isStale) return;
          setResult(value);
          failure.value = undefined;
        } catch (error) {
          if (!isStale) failure.value = error;
        }
        setBusy(false);
      });
    }, 200);
    return () => {
      isStale = true;
      clearTimeout(timer);
    };
  }, inputs);
  return { result, isBusy };
}
