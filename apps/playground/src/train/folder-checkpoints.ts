import {
  type Checkpoint,
  CheckpointError,
  type CheckpointStore,
  parseSafetensors,
  type StateDict,
  safetensorsChunks,
  type TrainerState,
} from '@crossmodal/core';
import type { RunFolder } from './run-folder';

const NAME = /^step-(\d{8,15})\.checkpoint$/;

/**
 * Checkpoints as files of a folder, one each, so that each is there whole or not at all: `step-00000060.checkpoint`
 * with tensors `model/<key>`, `optimizer/<key>` and the trainer's state as metadata, in the
 * form of safetensors, then a checksum.
 */
export class FolderCheckpoints implements CheckpointStore {
  constructor(private readonly folder: RunFolder) {}

  async save({ step, states, trainer }: Checkpoint): Promise<void> {
    const all: StateDict = {};
    for (const [part, state] of Object.entries(states))
      for (const [key, tensor] of Object.entries(state)) all[`${part}/${key}`] = tensor;
    const chunks = safetensorsChunks(all, { format: 'pt', trainer: JSON.stringify(trainer) });
    const file = new Blob([...chunks, await digest(chunks)] as BlobPart[]);
    await this.folder.write(nameOf(step), file);
  }

  async list(): Promise<number[]> {
    const steps = (await this.folder.list()).flatMap((name) => NAME.exec(name)?.[1] ?? []);
    return steps.map(Number).sort((a, b) => a - b);
  }

  async load(step: number): Promise<Checkpoint> {
    const file = await this.folder.read(nameOf(step));
    if (!file) throw new CheckpointError(`FolderCheckpoints: no checkpoint of step ${step}.`);
    const bytes = new Uint8Array(await file.arrayBuffer());
    const content = bytes.subarray(0, Math.max(0, bytes.length - DIGEST_BYTES));
    const expected = await digest([content]);
    if (bytes.length < DIGEST_BYTES || expected.some((byte, i) => byte !== bytes[content.length + i]))
      throw new CheckpointError(`FolderCheckpoints: ${nameOf(step)} is damaged.`);
    const { tensors, metadata } = parseSafetensors(content, nameOf(step));
    const states: Record<string, StateDict> = {};
    for (const [path, tensor] of Object.entries(tensors)) {
      const slash = path.indexOf('/');
      const part = path.slice(0, slash);
      states[part] ??= {};
      states[part][path.slice(slash + 1)] = tensor;
    }
    return { step, states, trainer: JSON.parse(metadata['trainer']!) as TrainerState };
  }

  remove(step: number): Promise<void> {
    return this.folder.remove(nameOf(step));
  }
}

const DIGEST_BYTES = 32;

const nameOf = (step: number) => `step-${String(step).padStart(8, '0')}.checkpoint`;

/** SHA-256, after the file. */
async function digest(chunks: readonly Uint8Array[]): Promise<Uint8Array> {
  const whole = await new Blob([...chunks] as BlobPart[]).arrayBuffer();
  return new Uint8Array(await crypto.subtle.digest('SHA-256', whole));
}
