import { computed, signal } from '@preact/signals';
import { notify } from '../notices';
import { modelWanted } from '../settings';
import { type ModelId, readTrained, SHIPPED, type TrainedModel } from './trained-model';

/** The trained model that can be chosen; null until it is known whether there is one. */
export const trained = signal<TrainedModel | null | undefined>(null);

/** What Search and Understand use; undefined until that is known. */
export const model = computed<ModelId | undefined>(() => {
  if (modelWanted.value === 'shipped') return SHIPPED;
  return trained.value === null ? undefined : (trained.value?.id ?? SHIPPED);
});

/** Of what is used. */
export const architecture = computed(() =>
  trained.value && model.value === trained.value.id ? trained.value.architecture : 'convolution',
);

/** Looks for the model that an earlier visit left. */
export async function findTrained(): Promise<void> {
  if (trained.peek() !== null) return;
  const found = await readTrained();
  if (trained.peek() !== null) return; // one was put to use meanwhile
  trained.value = found;
  if (found || modelWanted.peek() === 'shipped') return;
  modelWanted.value = 'shipped';
  notify('warning', 'models.gone');
}

/** Uses a model that was just kept. */
export function useTrained(kept: TrainedModel): void {
  trained.value = kept;
  modelWanted.value = 'trained';
}

/** Is told that the run has been deleted, and the model with it. */
export function trainedIsGone(): void {
  trained.value = undefined;
  if (modelWanted.peek() === 'shipped') return;
  modelWanted.value = 'shipped';
  notify('info', 'models.fellBack');
}
