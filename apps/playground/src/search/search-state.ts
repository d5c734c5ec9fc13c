import { computed, effect, signal } from '@preact/signals';
import { isStopped } from '../error-text';
import type { TextValues } from '../i18n/format-text';
import type { TextKey } from '../i18n/texts';
import { model } from '../models/model-in-use';
import type { ModelId } from '../models/trained-model';
import { services } from '../worker-client';
import type { IndexProgress, IndexState, RefusedPicture, SearchHit } from './search-types';

/** A picture to search by, with what is shown of it. */
export interface QueryPicture {
  name: string;
  /** To show. */
  small: Blob;
  source: Blob | { row: number };
}

/** A picture that was found, with an address to show it by. */
export type ShownHit = SearchHit & { src: string };

interface Found {
  hits: readonly ShownHit[];
  took: number;
  total: number;
}

/** Results shown at first, and at a time. */
const PAGE = 24;
/** Files handed to the worker at a time: handing over thousands would hold up the page. */
const HANDED_OVER = 100;
/** At most so many files that were left out are listed. */
const MOST_REFUSED = 500;

export const index = signal<IndexState>();
export const progress = signal<IndexProgress>();
export const refused = signal<readonly RefusedPicture[]>([]);
export const refusedCount = signal(0);
/** What was said last of taking pictures in. */
export const told = signal<{ text: TextKey; values: TextValues }>();
/** What went wrong, as it was thrown. */
export const failure = signal<unknown>();

export const words = signal('');
export const picture = signal<QueryPicture>();
export const share = signal(0.5);
export const shown = signal(PAGE);
export const found = signal<Found>();
export const hasQuery = computed(() => words.value.trim() !== '' || picture.value !== undefined);

/** Files of this visit, by row: to be seen large. */
const originals = new Map<number, Blob>();
let stopping: AbortController | undefined;

/** Addresses of the pictures in sight, by row: those that stay in sight keep theirs, and do not flicker. */
let addresses = new Map<number, string>();

function show(hits: readonly SearchHit[]): ShownHit[] {
  const before = addresses;
  addresses = new Map(
    hits.map(({ row, thumbnail }) => [row, before.get(row) ?? URL.createObjectURL(thumbnail)]),
  );
  for (const [row, address] of before) if (!addresses.has(row)) URL.revokeObjectURL(address);
  return hits.map((hit) => ({ ...hit, src: addresses.get(hit.row)! }));
}

function showNothing(): void {
  show([]);
  found.value = undefined;
}

/** Rows are others than they were. */
function forgetRows(): void {
  showNothing();
  originals.clear();
  picture.value = undefined;
}

/** The file of a row, when this visit has it. */
export const original = (row: number): Blob | undefined => originals.get(row);

/** Of which model the rows are. */
let rowsOf: ModelId | undefined;

/** Shows what an earlier visit left. */
export async function openIndex(): Promise<void> {
  const id = model.peek();
  if (id === undefined) return; // once it is known
  if (rowsOf !== id) {
    rowsOf = id;
    stopTaking();
    forgetRows();
    index.value = undefined;
    told.value = undefined;
    failure.value = undefined;
  }
  try {
    const { state, putAway } = await services.search.open(id);
    if (rowsOf !== id) return;
    if (state.count < (index.value?.count ?? 0)) forgetRows();
    index.value = state;
    if (putAway) told.value = { text: putAway, values: {} };
  } catch (error) {
    if (rowsOf === id) failure.value = error;
  }
}

/** Takes files in. */
export const addFiles = (files: readonly File[]) =>
  take(files, async (id, onProgress, signal) => {
    const start = performance.now();
    let known = 0;
    let state: IndexState | undefined;
    for (let from = 0; from < files.length; from += HANDED_OVER) {
      const some = files.slice(from, from + HANDED_OVER);
      const knownBefore = known;
      const tell = (now: IndexProgress) => {
        known = knownBefore + now.known;
        const done = from + now.done;
        onProgress({
          ...now,
          done,
          known,
          total: files.length,
          rate: (1000 * (done - known)) / (performance.now() - start),
          added: now.added.map(({ row, source }) => ({ row, source: from + source })),
        });
      };
      state = await services.search.addFiles(id, some, tell, signal, from + HANDED_OVER < files.length);
    }
    return state!;
  });

/** Takes in the drawings that come with the page. */
export const addEmoji = () =>
  take([], (id, onProgress, signal) => services.search.addEmoji(id, onProgress, signal));

export function stopTaking(): void {
  stopping?.abort();
}

export async function forgetPictures(): Promise<void> {
  index.value = await services.search.forget(model.peek()!);
  forgetRows();
  refused.value = [];
  refusedCount.value = 0;
  told.value = { text: 'search.removed', values: {} };
}

async function take(
  files: readonly File[],
  work: (
    id: ModelId,
    onProgress: (progress: IndexProgress) => void,
    signal: AbortSignal,
  ) => Promise<IndexState>,
): Promise<void> {
  const id = model.peek();
  if (progress.value || id === undefined) return;
  const controller = new AbortController();
  stopping = controller;
  refused.value = [];
  refusedCount.value = 0;
  told.value = undefined;
  failure.value = undefined;
  progress.value = { done: 0, total: files.length, rate: 0, added: [], refused: [], known: 0 };
  let known = 0;
  try {
    const tell = (now: IndexProgress) => {
      if (rowsOf !== id) return; // another model is in use: it is being stopped
      progress.value = now;
      known = now.known;
      for (const { row, source } of now.added) if (files[source]) originals.set(row, files[source]);
      refusedCount.value += now.refused.length;
      if (now.refused.length > 0 && refused.value.length < MOST_REFUSED)
        refused.value = [...refused.value, ...now.refused].slice(0, MOST_REFUSED);
      const count = now.added.at(-1)?.row;
      if (count !== undefined && index.value) index.value = { ...index.value, count: count + 1 };
    };
    const state = await work(id, tell, controller.signal);
    if (rowsOf !== id) return;
    index.value = state;
    if (known > 0) told.value = { text: 'search.known', values: { count: known } };
  } catch (error) {
    if (rowsOf !== id) return;
    if (isStopped(error)) told.value = { text: 'search.stopped', values: {} };
    else failure.value = error;
    await openIndex();
  } finally {
    progress.value = undefined;
  }
}

/** Searches anew when the query or the pictures change, one search at a time. */
export function followQuery(): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isSearching = false;
  let again = false;
  const run = async () => {
    if (isSearching) {
      again = true;
      return;
    }
    isSearching = true;
    do {
      again = false;
      const query = { words: words.value.trim(), picture: picture.value?.source, share: share.value };
      const id = model.peek();
      if (id === undefined || id !== rowsOf) break; // its pictures come first
      try {
        const { hits, ...rest } = await services.search.search(id, query, shown.value);
        if (rowsOf !== id) continue;
        if (rest.total < (index.value?.count ?? 0) && !progress.value) await openIndex(); // the worker is another
        found.value = { ...rest, hits: show(hits) };
        failure.value = undefined;
      } catch (error) {
        if (rowsOf === id) failure.value = error;
      }
    } while (again);
    isSearching = false;
  };
  const dispose = effect(() => {
    // What a search depends on.
    void [words.value, picture.value, share.value, shown.value];
    const count = index.value?.count ?? 0;
    if (count === 0) showNothing();
    // One that is about to start takes these in: pictures that come in fast do not put it off.
    else
      timer ??= setTimeout(() => {
        timer = undefined;
        void run();
      }, 100);
  });
  return () => {
    clearTimeout(timer);
    dispose();
  };
}

/** Looks for what is like a picture. */
export function searchBy(chosen: QueryPicture | undefined): void {
  picture.value = chosen;
  shown.value = PAGE;
}

export function showMore(): void {
  shown.value += PAGE;
}
