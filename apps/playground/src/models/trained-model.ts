import { OPFSFolder } from '../store/opfs';
import type { ModelDescription } from '../train/run-model';
import type { RunArchitecture, RunData } from '../train/run-settings';

/** `shipped`, or the `id` of a {@link TrainedModel}. */
export type ModelId = string;
export const SHIPPED: ModelId = 'shipped';

/** A model of a run, as it was when it was put to use. */
export interface TrainedModel {
  version: 1;
  /** Tells it from others, also from those of the same run. */
  id: ModelId;
  architecture: RunArchitecture;
  data: RunData;
  /** When its run began, in milliseconds since 1970. */
  begun: number;
  /** Steps that it was trained. */
  step: number;
  /** Size of its features. */
  dim: number;
  description: ModelDescription;
}

const MODEL = 'model.json';
const weightsOf = (id: ModelId) => `${id}.safetensors`;

/** Where it is kept, with the pictures that it has taken in: in the folder of its run, with which it goes. */
export const openTrainedFolder = () => OPFSFolder.open('train/run/used');

/** Keeps a model in the place of the one that was there. */
export async function keepTrained(model: TrainedModel, weights: Uint8Array<ArrayBuffer>): Promise<void> {
  const folder = await openTrainedFolder();
  await folder.write(weightsOf(model.id), weights);
  const before = await readTrained();
  await folder.write(MODEL, JSON.stringify(model));
  if (before && before.id !== model.id) await folder.remove(weightsOf(before.id));
}

/** The model that is kept; undefined when there is none, or it cannot be read. */
export async function readTrained(): Promise<TrainedModel | undefined> {
  try {
    const file = await (await openTrainedFolder()).read(MODEL);
    const model = file && (JSON.parse(await file.text()) as TrainedModel);
    return model?.version === 1 ? model : undefined;
  } catch {
    return undefined;
  }
}

/** The weights of the model that is kept: a safetensors file. */
export async function readTrainedWeights(id: ModelId): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const file = await (await openTrainedFolder()).read(weightsOf(id));
  return file && new Uint8Array(await file.arrayBuffer());
}
