import '@crossmodal/backend-onnx';
import { MemoryCheckpointStore, Rng, type StateDict, useBackend } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { describeModel } from './describe-model';
import { FolderCheckpoints } from './folder-checkpoints';
import { MemoryFolder } from './memory-folder';
import { defaultSettings, type RunSettings } from './run-settings';
import { STORED_SIZE } from './stored-size';
import { TrainingRun } from './training-run';
import { ownTrainingSet } from './training-set';

beforeAll(() => useBackend('onnx'));

/** Squares of one colour each, named by it. */
function squares() {
  const rng = new Rng(5);
  const colours = { red: [220, 30, 30], green: [30, 180, 60], blue: [40, 60, 220], grey: [128, 128, 128] };
  const captions: string[] = [];
  const pixels = new Uint8Array(24 * STORED_SIZE * STORED_SIZE * 4);
  for (let i = 0; i < 24; i++) {
    const [name, rgb] = Object.entries(colours)[i % 4]!;
    captions.push(name);
    const shade = rng.uniform(0.8, 1);
    for (let p = 0; p < STORED_SIZE * STORED_SIZE; p++)
      pixels.set([...rgb.map((value) => value * shade), 255], (i * STORED_SIZE * STORED_SIZE + p) * 4);
  }
  return ownTrainingSet({ pixels, captions });
}

it.each(['transformer', 'convolution'] as const)(
  'a %s that was stopped and goes on from its files equals one that never was, and leaks nothing',
  async (architecture) => {
    const settings: RunSettings = {
      ...defaultSettings('own', 'scratch', architecture),
      steps: 6,
      batchSize: 4,
    };
    const set = squares();
    const description = await describeModel(settings, set);
    const recalls: number[] = [];
    const train = async (checkpoints: FolderCheckpoints | MemoryCheckpointStore, stopAt?: number) => {
      const stop = new AbortController();
      const tensors = new Set<number>();
      const run = new TrainingRun({
        settings,
        description,
        set,
        checkpoints,
        onEvent: (event) => {
          if (event.type !== 'step') return;
          if (event.step > 1) tensors.add(tf.memory().numTensors);
          if (event.step === stopAt) stop.abort();
        },
        onEvaluation: ({ recallAt1 }) => recalls.push(recallAt1),
      });
      const reason = await run.fit(stop.signal);
      run.dispose();
      // At the end of an epoch there is no batch (of three tensors) ahead.
      expect(Math.max(...tensors) - Math.min(...tensors)).toBeLessThanOrEqual(3);
      return reason;
    };
    const weights = async (store: FolderCheckpoints | MemoryCheckpointStore) =>
      (await store.load(6)).states['model'] as StateDict;

    const before = tf.memory().numTensors;
    const whole = new MemoryCheckpointStore();
    expect(await train(whole)).toBe('finished');
    const folder = new MemoryFolder();
    expect(await train(new FolderCheckpoints(folder), 3)).toBe('aborted');
    expect(await folder.list()).toEqual(['step-00000003.checkpoint']);
    expect(await train(new FolderCheckpoints(folder))).toBe('finished');
    expect(await weights(new FolderCheckpoints(folder))).toEqual(await weights(whole));
    expect(tf.memory().numTensors).toBe(before);
    expect(recalls.length).toBeGreaterThan(2);
  },
  60_000,
);

it('passes over a checkpoint that is damaged', async () => {
  const folder = new MemoryFolder();
  const store = new FolderCheckpoints(folder);
  const tensor = { dtype: 'F32', shape: [1], bytes: new Uint8Array(4) } as const;
  const trainer = { step: 1, data: { epoch: 0, position: 0, rng: null } } as never;
  await store.save({ step: 1, states: { model: { a: tensor } }, trainer });
  expect((await store.load(1)).states).toEqual({ model: { a: tensor } });
  const bytes = new Uint8Array(await (await folder.read('step-00000001.checkpoint'))!.arrayBuffer());
  bytes[bytes.length - 33]! ^= 1;
  await folder.write('step-00000001.checkpoint', bytes);
  await expect(store.load(1)).rejects.toThrow('FolderCheckpoints: step-00000001.checkpoint is damaged.');
  await folder.write('step-00000001.checkpoint', '');
  await expect(store.load(1)).rejects.toThrow('damaged');
});
