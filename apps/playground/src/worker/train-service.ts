import {
  bytesSource,
  OPFSCheckpointStore,
  openSafetensors,
  serializeSafetensors,
  type TensorReader,
  type TrainingEvent,
} from '@crossmodal/core';
import { keepTrained, type TrainedModel } from '../models/trained-model';
import { PlaygroundError } from '../playground-error';
import { OPFSFolder } from '../store/opfs';
import { describeModel } from '../train/describe-model';
import { emojiStack } from '../train/emoji-stack';
import { examplesOf } from '../train/measure-held-out';
import { modelFiles } from '../train/model-files';
import { preparePicture } from '../train/prepare-pictures';
import { logUntil } from '../train/run-log';
import { buildModel, isTransformer, type ModelDescription } from '../train/run-model';
import type { RunSettings } from '../train/run-settings';
import { RunStore } from '../train/run-store';
import type { Example, PreparedPicture, RunOverview, RunUpdate } from '../train/run-types';
import { STORED_SIZE } from '../train/stored-size';
import { splitOf, TrainingRun } from '../train/training-run';
import { emojiTrainingSet, type OwnPairs, ownTrainingSet, type TrainingSet } from '../train/training-set';
import { UpdateSender } from '../train/update-sender';
import { type ZipContents, zipFiles } from '../train/zip-files';
import { breathe } from './breathe';
import { ensureEngine } from './engine';
import { clipFiles } from './shipped/shipped-clip';
import { emojiList } from './shipped/shipped-emoji';
import { dropTrained } from './use-clip';

const RUN_PATH = 'train/run';
/** One page at a time trains: another has the same folder. */
const LOCK = 'playground-train';
/** Half of them are held out: with fewer there is next to nothing to learn from. */
const FEWEST_PAIRS = 8;
/** A GPU that is lost this often without a step between is given up. */
const MOST_LOSSES = 3;

/** Trains one model at a time, which stays in this browser's storage. */
export class TrainService {
  /** The run that is kept, if there is one. */
  async overview(): Promise<RunOverview | undefined> {
    return (await openStore()).overview();
  }

  /** Makes pictures ready to train on; each stands for itself. */
  async prepare(files: readonly File[], signal: AbortSignal): Promise<PreparedPicture[]> {
    const prepared: PreparedPicture[] = [];
    for (const file of files) {
      signal.throwIfAborted();
      prepared.push(await preparePicture(file));
      await breathe();
    }
    return prepared;
  }

  /** Begins a run, in the place of the one that is kept; {@link train} trains it. */
  async begin(settings: RunSettings, pairs: OwnPairs | undefined): Promise<RunOverview> {
    return alone(async () => {
      await ensureEngine();
      const set = await trainingSet(settings, pairs);
      const split = splitOf(set, settings.seed);
      const [count, captions] = [set.stack.concepts.length, set.names.length];
      if (count < FEWEST_PAIRS || captions < 2 || split.heldOut.length === 0)
        throw new PlaygroundError('train.tooFew', { count, captions, least: FEWEST_PAIRS });
      const { recipe, tokenizer } = settings.start === 'shipped' ? await clipFiles() : {};
      const description: ModelDescription =
        recipe && tokenizer ? { config: { ...recipe }, tokenizer } : await describeModel(settings, set);
      const { clip } = buildModel(description, settings.seed);
      const parameters = clip.parameterCount().total;
      clip.dispose();
      const examples = examplesOf(split).map((picture) => exampleOf(set, picture));
      const store = await openStore();
      await store.begin({
        facts: {
          settings,
          begun: Date.now(),
          training: split.training.length,
          heldOut: split.heldOut.length,
          candidates: split.candidates.length,
          heldOutBy: split.by,
          parameters,
        },
        description,
        examples,
        ...(pairs && { pairs }),
      });
      return (await store.overview())!;
    });
  }

  /**
   * Trains the run that is kept, from its last checkpoint on, until its end or until `signal` is aborted. A GPU that is
   * lost on the way is replaced.
   */
  async train(onUpdate: (update: RunUpdate) => void, signal: AbortSignal): Promise<RunOverview> {
    return alone(async () => {
      const store = await openStore();
      const kept = await store.read();
      if (!kept) throw new PlaygroundError('train.noRun');
      const { settings } = kept.facts;
      const set = await trainingSet(settings, await store.readPairs());
      const weights = settings.start === 'shipped' ? await shippedWeights() : undefined;
      for (let losses = 0, lastStep = -1; ; ) {
        const { generation } = await ensureEngine();
        const { log, step } = (await store.overview())!;
        if (step > lastStep) losses = 0;
        lastStep = step;
        const sender = new UpdateSender(logUntil(log, step), onUpdate);
        const run = new TrainingRun({
          settings,
          description: kept.description,
          set,
          ...(weights && { weights }),
          checkpoints: store.checkpoints,
          onEvent: (event) => record(event, sender, store),
          onEvaluation: (evaluation, guesses) => sender.addEvaluation(evaluation, guesses),
        });
        try {
          const reason = await run.fit(signal);
          sender.flush();
          await store.saveLog(sender.log);
          if (reason === 'finished') await this.finish();
          return (await store.overview())!;
        } catch (error) {
          const engine = await ensureEngine();
          losses++;
          if (engine.generation === generation || losses >= MOST_LOSSES || signal.aborted) throw error;
          const { step: from } = (await store.overview())!;
          new UpdateSender(logUntil(sender.log, from), onUpdate).flush({ restartedOn: engine.name });
        } finally {
          run.dispose();
        }
      }
    });
  }

  /** Ends the run that is kept where it is. */
  async finish(): Promise<RunOverview | undefined> {
    const store = await openStore();
    await store.finish();
    return store.overview();
  }

  /** Removes the run that is kept. */
  async remove(): Promise<void> {
    await alone(async () => (await openStore()).remove());
    dropTrained();
  }

  /** Lets Search and Understand use the model of the last checkpoint, until the run is removed. */
  async use(): Promise<TrainedModel> {
    const store = await openStore();
    const [run, weights, kept] = [await store.read(), await store.weights(), await store.overview()];
    if (!run || !weights || !kept) throw new PlaygroundError('train.noRun');
    const { facts, description } = run;
    const { step } = kept;
    const { config } = description;
    const model: TrainedModel = {
      version: 1,
      id: `trained-${facts.begun}-${step}`,
      architecture: isTransformer(config) ? 'transformer' : 'convolution',
      data: facts.settings.data,
      begun: facts.begun,
      step,
      dim: Number(config[isTransformer(config) ? 'projection_dim' : 'projectionDim']),
      description,
    };
    await keepTrained(model, serializeSafetensors(weights) as Uint8Array<ArrayBuffer>);
    return model;
  }

  /** The model of the last checkpoint, as an archive. */
  async download(): Promise<Blob> {
    const files = await filesOf(await openStore());
    if (!files) throw new PlaygroundError('train.noRun');
    return zipFiles(files);
  }
}

const openStore = async () =>
  new RunStore(await OPFSFolder.open(RUN_PATH), new OPFSCheckpointStore(`${RUN_PATH}/checkpoints`));

/** Keeps other pages of this browser from training meanwhile. */
async function alone<T>(work: () => Promise<T>): Promise<T> {
  return navigator.locks.request(LOCK, { ifAvailable: true }, (lock) => {
    if (!lock) throw new PlaygroundError('train.busy');
    return work();
  }) as Promise<T>;
}

async function trainingSet({ data, words }: RunSettings, pairs: OwnPairs | undefined): Promise<TrainingSet> {
  if (data === 'emoji') return emojiTrainingSet(await emojiStack(), (await emojiList()).concepts, words);
  if (!pairs) throw new PlaygroundError('train.noRun');
  return ownTrainingSet(pairs);
}

async function shippedWeights(): Promise<TensorReader> {
  return openSafetensors(bytesSource((await clipFiles()).weights, 'clip/model.safetensors'));
}

function exampleOf({ stack, names }: TrainingSet, picture: number): Example {
  const bytes = STORED_SIZE * STORED_SIZE * 4;
  return {
    pixels: Uint8Array.from(stack.pixels.subarray(picture * bytes, (picture + 1) * bytes)),
    name: names[stack.concepts[picture]!]!,
  };
}

async function record(event: TrainingEvent, sender: UpdateSender, store: RunStore): Promise<void> {
  if (event.type === 'step') sender.addStep(event.step, event.result.loss, event.result.seconds);
  if (event.type === 'skip') sender.addStep(event.step, null);
  if (event.type === 'checkpoint') await store.saveLog(sender.log);
}

async function filesOf(store: RunStore): Promise<ZipContents | undefined> {
  const [run, weights] = [await store.read(), await store.weights()];
  return run && weights && modelFiles(run.description, weights, run.facts);
}
