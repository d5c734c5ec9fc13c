import '@crossmodal/backend-onnx';
import { type LoadedCLIP, loadCLIP } from '@crossmodal/clip';
import { useBackend } from '@crossmodal/core';
import type { CommandIO } from './io';
import type { ModelOptions } from './options';

/** Chooses the engine and loads a model with its tokenizer and image processor. */
export async function openModel(
  { model, revision, backend }: Pick<ModelOptions, 'model' | 'revision' | 'backend'>,
  io: CommandIO,
): Promise<LoadedCLIP> {
  await useBackend(backend);
  return loadCLIP(model, { ...(revision && { revision }), signal: io.signal });
}
