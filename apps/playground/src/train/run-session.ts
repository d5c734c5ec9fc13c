import { signal } from '@preact/signals';
import { isStopped } from '../error-text';
import type { TextValues } from '../i18n/format-text';
import type { TextKey } from '../i18n/texts';
import { trainedIsGone, useTrained } from '../models/model-in-use';
import { tab } from '../tabs';
import { services } from '../worker-client';
import type { RunSettings } from './run-settings';
import type { RunOverview, RunUpdate } from './run-types';
import type { OwnPairs } from './training-set';

/** What the page knows of the run that is kept; null while it asks, undefined when there is none. */
export const run = signal<RunOverview | null | undefined>(null);
/** What is going on. */
export const activity = signal<'idle' | 'beginning' | 'training' | 'pausing'>('idle');
/** Speed and memory, as last told. */
export const pace = signal<Pick<RunUpdate, 'secondsPerStep' | 'tensors' | 'bytes'> | undefined>(undefined);
/** What the user is to know of the run, other than an error. */
export const news = signal<{ kind: 'info' | 'warning'; text: TextKey; values: TextValues } | undefined>(
  undefined,
);
/** What went wrong last, as it was thrown. */
export const failure = signal<unknown>();

let pausing: AbortController | undefined;

/** Asks for the run that an earlier visit left. */
export async function loadRun(): Promise<void> {
  if (run.peek() !== null) return;
  await tell(async () => {
    const kept = await services.train.overview();
    run.value = kept;
    if (kept?.status === 'paused')
      news.value = {
        kind: 'info',
        text: 'train.found',
        values: { step: kept.step, steps: kept.settings.steps },
      };
  });
  run.value ??= undefined;
}

/** Begins a run in the place of the one that is kept, and trains it. */
export async function beginRun(settings: RunSettings, pairs: OwnPairs | undefined): Promise<void> {
  activity.value = 'beginning';
  await tell(async () => {
    run.value = await services.train.begin(settings, pairs);
    trainedIsGone(); // with the run that was there
    await trainRun();
  });
  activity.value = 'idle';
}

/** Trains the run until its end, or until it is paused. */
export async function trainRun(): Promise<void> {
  news.value = undefined;
  activity.value = 'training';
  pausing = new AbortController();
  await tell(async () => {
    try {
      run.value = await services.train.train(follow, pausing!.signal);
    } catch (error) {
      // What was done since the last checkpoint is gone.
      const kept = await services.train.overview().catch(() => run.peek() ?? undefined);
      run.value = kept;
      if ((error as { code?: unknown }).code !== 'shell.engineRestarted') throw error;
      news.value = { kind: 'warning', text: 'train.cutOff', values: { step: kept?.step ?? 0 } };
    }
  });
  activity.value = 'idle';
  pace.value = undefined;
}

export function pauseRun(): void {
  if (activity.peek() !== 'training') return;
  activity.value = 'pausing';
  pausing?.abort();
}

/** Ends the run at the step where it is paused. */
export async function finishRun(): Promise<void> {
  await tell(async () => {
    run.value = await services.train.finish();
  });
  news.value = undefined;
}

export async function removeRun(): Promise<void> {
  await tell(async () => {
    await services.train.remove();
    run.value = undefined;
    trainedIsGone();
  });
  news.value = undefined;
}

/** Lets Search and Understand use the model as it is now, and shows Search. */
export async function useInSearch(): Promise<void> {
  await tell(async () => {
    useTrained(await services.train.use());
    tab.value = 'search';
  });
}

/** Lets the user save the model as a file. */
export async function downloadModel(): Promise<void> {
  await tell(async () => {
    const url = URL.createObjectURL(await services.train.download());
    const link = document.createElement('a');
    link.href = url;
    link.download = 'crossmodal-clip.zip';
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000); // the browser reads it meanwhile
  });
}

/** Brings what is shown up to date. */
export function follow(update: RunUpdate): void {
  const { step, from, losses, evaluations, guesses, secondsPerStep, tensors, bytes, restartedOn } = update;
  const { value } = run;
  if (!value) return;
  const { log } = value;
  const first = evaluations[0]?.step ?? Number.POSITIVE_INFINITY;
  run.value = {
    ...value,
    step,
    log: {
      losses: [...log.losses.slice(0, from), ...losses],
      evaluations: [...log.evaluations.filter((one) => one.step <= from && one.step < first), ...evaluations],
      guesses: guesses ?? log.guesses,
    },
  };
  pace.value = { tensors, bytes, ...(secondsPerStep !== undefined && { secondsPerStep }) };
  if (restartedOn)
    news.value = { kind: 'warning', text: 'train.restarted', values: { engine: restartedOn, step } };
}

/** Does something, and tells what goes wrong with it. */
async function tell(work: () => Promise<void>): Promise<void> {
  failure.value = undefined;
  try {
    await work();
  } catch (error) {
    if (!isStopped(error)) failure.value = error;
  }
}
