import { Worker } from 'node:worker_threads';
import { ConfigError, DataError } from '../errors';
import type { ImageInput } from './image-processor';
import { type ImageThreads, type ImageThreadsOptions, inThisThread } from './image-threads';
import { reason } from './read-source';

/** What a worker answers: floats, or what went wrong. */
export type ImageAnswer = { id: number } & ({ data: Float32Array } | { error: unknown; isData: boolean });

/** Images a worker has at a time: it resizes one while libvips decodes the other. */
const EACH = 2;

/** Node's half of imageBatches: worker threads. */
export function startImageThreads(options: ImageThreadsOptions): ImageThreads {
  const { threads, config, decode } = options;
  if (threads === 0) return inThisThread(options);

  const jobs = new Map<number, { resolve(data: Float32Array): void; reject(error: unknown): void }>();
  const waiting: { id: number; input: ImageInput }[] = [];
  const workers = Array.from({ length: threads }, () => ({
    worker: startWorker({ config, decode }),
    load: 0,
  }));
  let next = 0;
  const dispatch = () => {
    while (waiting.length > 0) {
      const free = workers.reduce((a, b) => (b.load < a.load ? b : a));
      if (free.load >= EACH) return;
      const { id, input } = waiting.shift()!;
      free.load++;
      try {
        free.worker.postMessage({ id, input: input instanceof URL ? String(input) : input });
      } catch (cause) {
        // What cannot be sent is no image.
        free.load--;
        settle(id)?.reject(new DataError(`imageBatches: images: ${reason(cause)}.`, { cause }));
      }
    }
  };
  const settle = (id: number) => {
    const job = jobs.get(id);
    jobs.delete(id);
    return job;
  };
  for (const place of workers) {
    place.worker.on('message', (answer: ImageAnswer) => {
      place.load--;
      const job = settle(answer.id);
      if ('data' in answer) job?.resolve(answer.data);
      else job?.reject(answer.isData ? new DataError(String(answer.error)) : answer.error);
      dispatch();
    });
    place.worker.on('error', (cause) => {
      const error = new ConfigError(
        `imageBatches: a worker thread failed: ${reason(cause)}; threads: 0 works without any.`,
        { cause },
      );
      for (const id of [...jobs.keys()]) settle(id)?.reject(error);
    });
  }
  return {
    concurrency: threads * EACH,
    run(input) {
      const id = next++;
      return new Promise((resolve, reject) => {
        jobs.set(id, { resolve, reject });
        waiting.push({ id, input });
        dispatch();
      });
    },
    async close() {
      waiting.length = 0;
      await Promise.all(workers.map(({ worker }) => worker.terminate()));
    },
  };
}

function startWorker(workerData: Omit<ImageThreadsOptions, 'threads'>): Worker {
  if (!import.meta.url.endsWith('.ts')) {
    return new Worker(new URL('./image-worker.js', import.meta.url), { workerData });
  }
  // From source, through tsx.
  return new Worker(new URL('./image-worker.source.mjs', import.meta.url), {
    workerData,
    execArgv: ['--conditions=crossmodal-source'],
  });
}
