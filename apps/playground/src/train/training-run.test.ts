import '@crossmodal/backend-onnx';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CheckpointStore,
  MemoryCheckpointStore,
  Rng,
  type StateDict,
  useBackend,
} from '@crossmodal/core';
import { FolderCheckpointStore } from '@crossmodal/core/node';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { describeModel } from './describe-model';
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
    const train = async (checkpoints: CheckpointStore, stopAt?: number) => {
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
    const weights = async (store: CheckpointStore) => (await store.load(6)).states['model'] as StateDict;

    const before = tf.memory().numTensors;
    const whole = new MemoryCheckpointStore();
    expect(await train(whole)).toBe('finished');
    // The files that the page keeps by OPFSCheckpointStore, in Node.
    const folder = await mkdtemp(join(tmpdir(), 'crossmodal-'));
    expect(await train(new FolderCheckpointStore(folder), 3)).toBe('aborted');
    expect(await new FolderCheckpointStore(folder).list()).toEqual([3]);
    expect(await train(new FolderCheckpointStore(folder))).toBe('finished');
    expect(await weights(new FolderCheckpointStore(folder))).toEqual(await weights(whole));
    await rm(folder, { recursive: true });
    expect(tf.memory().numTensors).toBe(before);
    expect(recalls.length).toBeGreaterThan(2);
  },
  60_000,
);
