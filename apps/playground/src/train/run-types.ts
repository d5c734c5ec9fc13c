import type { Guess, RunLog } from './run-log';
import type { RunSettings } from './run-settings';

/** A picture that no step sees, with its name. */
export interface Example {
  /** [STORED_SIZE, STORED_SIZE, RGBA] */
  pixels: Uint8Array<ArrayBuffer>;
  name: string;
}

/** What is known of a run before its first step, and stays. */
export interface RunFacts {
  settings: RunSettings;
  /** When it began, in milliseconds since 1970. */
  begun: number;
  /** Pictures that are trained on. */
  training: number;
  /** Pictures that are not. */
  heldOut: number;
  /** Names among which a held-out picture looks for its own. */
  candidates: number;
  /** What is held out. */
  heldOutBy: 'concepts' | 'pictures';
  /** Values in the model. */
  parameters: number;
}

/** The run that is kept in this browser. */
export interface RunOverview extends RunFacts {
  status: 'paused' | 'finished';
  /** Steps done. */
  step: number;
  log: RunLog;
  examples: Example[];
  /** Of its files. */
  bytes: number;
}

/** What happens while a run trains: sent a few times a second. */
export interface RunUpdate {
  step: number;
  /** The log's losses from this step on (counted from 0) are replaced by these. */
  from: number;
  losses: (number | null)[];
  /** Those since the last update. */
  evaluations: RunLog['evaluations'];
  guesses?: Guess[][];
  /** Of the last steps, in seconds. */
  secondsPerStep?: number;
  /** In use by the engine, all tabs together. */
  tensors: number;
  bytes: number;
  /** The GPU was lost: the run goes on from its last checkpoint, on this engine. */
  restartedOn?: string;
}

/** A picture made ready, or why it was not. */
export type PreparedPicture =
  | { pixels: Uint8Array<ArrayBuffer> }
  | { problem: { text: string; values: Record<string, string | number> } };
