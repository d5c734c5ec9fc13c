import { computed, signal } from '@preact/signals';
import { errorText, isStopped } from '../error-text';
import type { TextValues } from '../i18n/format-text';
import type { TextKey } from '../i18n/texts';
import { services } from '../worker-client';
import { CaptionFinder } from './find-captions';
import { isCaptionFile, readCaptions } from './read-captions';
import { STORED_SIZE } from './stored-size';
import type { OwnPairs } from './training-set';

/** A picture of the user's, with its caption. */
export interface Pair {
  id: number;
  /** With folders, where they are known. */
  path: string;
  caption: string;
  /** Whether the user wrote it here: no file changes it. */
  typed: boolean;
  /** Ready to train on; absent where it cannot be read. */
  pixels?: Uint8Array<ArrayBuffer>;
  problem?: Message;
}

export interface Message {
  text: TextKey;
  values: TextValues;
}

export const pairs = signal<readonly Pair[]>([]);
export const readyPairs = computed(() =>
  pairs.value.filter(({ pixels, caption }) => pixels && caption.trim() !== ''),
);
/** Pictures read, of those that were given last; undefined when none are being read. */
export const reading = signal<{ done: number; total: number } | undefined>(undefined);
/** What is to be said of the files that were given last. */
export const messages = signal<readonly Message[]>([]);
export const pairsProblem = signal<string | undefined>(undefined);

const MOST_PAIRS = 5000;
const MOST_CAPTION_MB = 32;
/** Pictures that the worker is given at a time. */
const BATCH = 8;
let finder = new CaptionFinder();
let nextId = 0;
let stopping: AbortController | undefined;

/** Takes pictures and captions; of pictures that are there already, both stay. */
export async function addFiles(files: readonly File[]): Promise<void> {
  stopping = new AbortController();
  const { signal } = stopping;
  messages.value = [];
  pairsProblem.value = undefined;
  try {
    const isText = ({ name }: File) => /\.txt$/i.test(name);
    const isTable = ({ name }: File) => isCaptionFile(name);
    for (const file of files) {
      if (!isTable(file) && !isText(file)) continue;
      // One that is gone meanwhile keeps no other away.
      await addCaptions(file).catch(() => say('pictures.unreadable', { name: shortName(file.name) }));
    }
    nameAgain();
    const pictures = files.filter((file) => !isTable(file) && !isText(file) && !file.name.startsWith('.'));
    const taken = pictures.slice(0, Math.max(0, MOST_PAIRS - pairs.peek().length));
    if (taken.length < pictures.length)
      say('train.pairsTooMany', { limit: MOST_PAIRS, count: pictures.length - taken.length });
    if (taken.length > 0) reading.value = { done: 0, total: taken.length };
    for (let start = 0; start < taken.length; start += BATCH) {
      const batch = taken.slice(start, start + BATCH);
      const prepared = await services.train.prepare(batch, signal);
      const added = batch.map((file, i): Pair => {
        const path = pathOf(file);
        return {
          id: nextId++,
          path,
          caption: finder.find(path),
          typed: false,
          ...(prepared[i] as Pick<Pair, 'pixels' | 'problem'>),
        };
      });
      pairs.value = [...pairs.value, ...added];
      reading.value = { done: start + batch.length, total: taken.length };
    }
  } catch (error) {
    if (!isStopped(error)) pairsProblem.value = errorText(error);
  } finally {
    reading.value = undefined;
  }
}

export function stopReading(): void {
  stopping?.abort();
}

export function setCaption(id: number, caption: string): void {
  pairs.value = pairs.value.map((pair) => (pair.id === id ? { ...pair, caption, typed: true } : pair));
}

export function removePair(id: number): void {
  pairs.value = pairs.value.filter((pair) => pair.id !== id);
}

export function clearPairs(): void {
  stopReading();
  pairs.value = [];
  messages.value = [];
  finder = new CaptionFinder();
}

/** The pairs to train on, as the worker takes them. */
export function pairsToTrain(): OwnPairs {
  const ready = readyPairs.peek();
  const bytes = STORED_SIZE * STORED_SIZE * 4;
  const pixels = new Uint8Array(ready.length * bytes);
  for (const [i, pair] of ready.entries()) pixels.set(pair.pixels!, i * bytes);
  return { pixels, captions: ready.map(({ caption }) => caption.trim()) };
}

async function addCaptions(file: File): Promise<void> {
  if (file.size > MOST_CAPTION_MB * 2 ** 20) {
    say('train.pairsCaptionFileBig', { name: shortName(file.name), limit: MOST_CAPTION_MB });
    return;
  }
  const text = await file.text();
  if (/\.txt$/i.test(file.name)) {
    finder.addText(pathOf(file), text);
    return;
  }
  const captions = readCaptions(file.name, text);
  finder.add(captions);
  const key = captions.length > 0 ? 'train.pairsCaptionFile' : 'train.pairsCaptionFileBad';
  say(key, { name: shortName(file.name), count: captions.length });
}

/** Captions that came after their pictures. */
function nameAgain(): void {
  pairs.value = pairs.value.map((pair) => (pair.typed ? pair : { ...pair, caption: finder.find(pair.path) }));
}

function say(text: TextKey, values: TextValues): void {
  messages.value = [...messages.value, { text, values }];
}

const pathOf = (file: File) => file.webkitRelativePath || file.name;
/** Names can be endless. */
export const shortName = (name: string): string =>
  name.length > 80 ? `${name.slice(0, 60)}…${name.slice(-15)}` : name;
