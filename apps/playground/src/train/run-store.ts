import { type CheckpointStore, loadLatestCheckpoint, type StateDict } from '@crossmodal/core';
import type { OPFSFolder } from '../store/opfs';
import { emptyLog, logUntil, type RunLog } from './run-log';
import type { ModelDescription } from './run-model';
import type { Example, RunFacts, RunOverview } from './run-types';
import { STORED_SIZE } from './stored-size';
import type { OwnPairs } from './training-set';

/** What `run.json` holds: written when the run begins, and once more when it is over. */
interface StoredRun {
  version: 1;
  facts: RunFacts;
  description: ModelDescription;
  exampleNames: string[];
  captions?: readonly string[];
  finished: boolean;
}

const RUN = 'run.json';
const LOG = 'log.json';
const EXAMPLES = 'examples.bin';
const PAIRS = 'pairs.bin';
const EXAMPLE_BYTES = STORED_SIZE * STORED_SIZE * 4;

/** A run as it begins. */
export interface NewRun {
  facts: RunFacts;
  description: ModelDescription;
  examples: readonly Example[];
  /** Where it learns from the user's own. */
  pairs?: OwnPairs;
}

/** The one run that is kept in a folder: what it learns from, its checkpoints and its log. */
export class RunStore {
  constructor(
    private readonly folder: OPFSFolder,
    /** In a folder of that one. */
    readonly checkpoints: CheckpointStore,
  ) {}

  /** Keeps a run in the place of the one that was there. */
  async begin(run: NewRun): Promise<void> {
    await this.folder.clear();
    try {
      await this.write(run);
    } catch (error) {
      await this.folder.clear(); // half a run is of no use, and takes space
      throw error;
    }
  }

  private async write({ facts, description, examples, pairs }: NewRun): Promise<void> {
    if (pairs) await this.folder.write(PAIRS, pairs.pixels as Uint8Array<ArrayBuffer>);
    await this.folder.write(EXAMPLES, new Blob(examples.map(({ pixels }) => pixels)));
    const run: StoredRun = {
      version: 1,
      facts,
      description,
      exampleNames: examples.map(({ name }) => name),
      ...(pairs && { captions: pairs.captions }),
      finished: false,
    };
    await this.folder.write(RUN, JSON.stringify(run)); // the last: a run without it is none
  }

  /** What is to be seen of the run; undefined when there is none, or it cannot be read. */
  async overview(): Promise<RunOverview | undefined> {
    const run = await this.read();
    if (!run) return undefined;
    const [steps, log, examples, bytes] = [
      await this.checkpoints.list(),
      await readJson<RunLog>(this.folder, LOG).catch(() => undefined),
      await this.folder.read(EXAMPLES),
      await this.folder.size(),
    ];
    const step = steps.at(-1) ?? 0;
    const pixels = new Uint8Array((await examples?.arrayBuffer()) ?? new ArrayBuffer(0));
    return {
      ...run.facts,
      status: run.finished ? 'finished' : 'paused',
      step,
      log: logUntil(log ?? emptyLog(), step),
      examples: run.exampleNames.map((name, i) => ({
        pixels: pixels.slice(i * EXAMPLE_BYTES, (i + 1) * EXAMPLE_BYTES),
        name,
      })),
      bytes,
    };
  }

  async read(): Promise<StoredRun | undefined> {
    const run = await readJson<StoredRun>(this.folder, RUN).catch(() => undefined);
    return run?.version === 1 ? run : undefined;
  }

  /** The user's pairs, where the run learns from them. */
  async readPairs(): Promise<OwnPairs | undefined> {
    const [run, file] = [await this.read(), await this.folder.read(PAIRS)];
    if (!run?.captions || !file) return undefined;
    return { pixels: new Uint8Array(await file.arrayBuffer()), captions: run.captions };
  }

  saveLog(log: RunLog): Promise<void> {
    return this.folder.write(LOG, JSON.stringify(log));
  }

  async finish(): Promise<void> {
    const run = await this.read();
    if (run) await this.folder.write(RUN, JSON.stringify({ ...run, finished: true }));
  }

  /** The weights of the last checkpoint, as files have them; undefined before the first. */
  async weights(): Promise<StateDict | undefined> {
    return (await loadLatestCheckpoint(this.checkpoints))?.states['model'];
  }

  remove(): Promise<void> {
    return this.folder.clear();
  }
}

async function readJson<T>(folder: OPFSFolder, name: string): Promise<T | undefined> {
  const file = await folder.read(name);
  return file && (JSON.parse(await file.text()) as T);
}
