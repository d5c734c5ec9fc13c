// What opfs-checkpoint-store.test.ts runs in a page, and in its worker: a run that keeps checkpoints in the browser.
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import {
  AdamW,
  type Checkpoint,
  type CheckpointStore,
  DataLoader,
  dropout,
  isCrossmodalError,
  Linear,
  loadLatestCheckpoint,
  OPFSCheckpointStore,
  Rng,
  Trainer,
} from '../src/index';

const root = () => navigator.storage.getDirectory();
const store = new OPFSCheckpointStore('runs/first');
const inPrototype = FileSystemFileHandle.prototype as { createWritable?: unknown };

const checkpoint = (step: number, size = 4): Checkpoint => ({
  step,
  states: {
    model: { w: { dtype: 'F32', shape: [size], bytes: new Uint8Array(size * 4).fill(step) } },
    optimizer: { m: { dtype: 'I64', shape: [], bytes: new Uint8Array(8) } },
  },
  trainer: {
    step,
    rng: [1, 2, 3, 4],
    data: { epoch: 0, position: 8, rng: null },
    nonFiniteInARow: 0,
    metrics: {},
    best: null,
    config: {},
  },
});

async function names(path: string): Promise<string[]> {
  let folder = await root();
  for (const name of path.split('/')) folder = await folder.getDirectoryHandle(name);
  const found: string[] = [];
  for await (const name of folder.keys()) found.push(name);
  return found.sort();
}

const messageOf = (error: unknown) =>
  (isCrossmodalError(error) ? '' : 'not ours: ') + (error as Error).message;

const program = {
  /** Trains up to so many steps; gives what it went on from and the weights in the end. */
  async train(folder: string, steps: number) {
    await tf.setBackend('cpu');
    const model = new Linear(3, 2, { rng: new Rng(0) });
    const store: CheckpointStore = new OPFSCheckpointStore(folder);
    const trainer = new Trainer({
      model,
      optimizer: new AdamW(model),
      schedule: () => 0.01,
      data: new DataLoader(
        { length: 20, get: (index: number) => new Rng(index).normalArray(3) },
        {
          batchSize: 4,
          shuffle: true,
          rng: new Rng(1),
          collate: (rows) => ({ x: tf.tensor2d(rows.map((row) => [...row])) }),
        },
      ),
      loss: (net, { x }, { rng }) => ({
        loss: tf.mean(tf.square(net.forward(dropout(x, 0.2, rng!) as tf.Tensor2D))),
      }),
      rng: new Rng(2),
      checkpoints: { store, everySteps: 10 },
      loggers: [],
    });
    const from = (await store.list()).at(-1) ?? 0;
    await trainer.resume();
    await trainer.fit({ steps });
    return { from, weights: [...model.weight.value.dataSync()], steps: await store.list() };
  },
  async save(step: number, size?: number) {
    return store.save(checkpoint(step, size)).then(() => 'saved', messageOf);
  },
  /** Begins a save that never comes to the end of writing a file. */
  async saveForever(step: number, file: string) {
    const { createWritable } = FileSystemFileHandle.prototype;
    FileSystemFileHandle.prototype.createWritable = function (...args) {
      return this.name === file ? new Promise(() => {}) : createWritable.apply(this, args);
    };
    void store.save(checkpoint(step));
    await new Promise((resolve) => setTimeout(resolve, 300));
    FileSystemFileHandle.prototype.createWritable = createWritable;
  },
  list: () => store.list(),
  names,
  async load(step: number) {
    return store.load(step).then((loaded) => equal(loaded, checkpoint(step)), messageOf);
  },
  async latest() {
    const warnings: string[] = [];
    const found = await loadLatestCheckpoint(store, (message) => void warnings.push(message));
    return { step: found?.step, warnings };
  },
  async remove(step: number) {
    await store.remove(step);
    await store.remove(step);
  },
  async damage(path: string, at: number) {
    const parts = path.split('/');
    const name = parts.pop()!;
    let folder = await root();
    for (const part of parts) folder = await folder.getDirectoryHandle(part);
    const handle = await folder.getFileHandle(name);
    const bytes = new Uint8Array(await (await handle.getFile()).arrayBuffer());
    bytes[at]! ^= 1;
    const writable = await handle.createWritable();
    await writable.write(bytes);
    await writable.close();
  },
  /** As in a browser without writable streams of files. */
  withoutStreams() {
    delete inPrototype.createWritable;
  },
  async clear() {
    await (await root()).removeEntry('runs', { recursive: true }).catch(() => {});
  },
};

/** Whether two checkpoints are the same; or what differs. */
function equal(a: Checkpoint, b: Checkpoint): true | string {
  const plain = (value: unknown) =>
    JSON.stringify(value, (_, part) => (part instanceof Uint8Array ? [...part] : part));
  return plain(a) === plain(b) || plain(a);
}

export type OPFSProgram = typeof program;
Object.assign(globalThis, { program, inWorker });

/** The same in a worker, one for each page. */
let worker: Worker | undefined;
function inWorker(name: keyof OPFSProgram, args: unknown[]): Promise<unknown> {
  worker ??= new Worker('/program.js', { type: 'module' });
  return new Promise((resolve, reject) => {
    worker!.onmessage = ({ data }) => resolve(data);
    worker!.onerror = (event) => reject(new Error(event.message));
    worker!.postMessage([name, args]);
  });
}
if (typeof document === 'undefined') {
  addEventListener('message', async ({ data: [name, args] }: MessageEvent) => {
    const call = program[name as keyof OPFSProgram] as (...args: unknown[]) => unknown;
    postMessage(await call(...args));
  });
}
