import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { CheckpointError, type TensorReader } from '@crossmodal/core';
import { openPretrained, openWeights, readJson } from '@crossmodal/hub';
import type { Command } from 'commander';
import { type CommandIO, print } from '../io';

interface InspectOptions {
  json?: boolean;
  revision?: string;
}

/** `crossmodal inspect`: what is in a checkpoint. */
export function addInspect(program: Command, io: CommandIO): Command {
  return program
    .command('inspect <checkpoint>')
    .description('list the tensors of a checkpoint: safetensors, PyTorch or flax; nothing in it is executed')
    .option('--revision <revision>', 'branch, tag or commit of a name on the hub')
    .option('--json', 'print one line of JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ crossmodal inspect model.safetensors
  $ crossmodal inspect pytorch_model.bin --json
  $ crossmodal inspect openai/clip-vit-base-patch32`,
    )
    .action(async (checkpoint: string, { json, revision }: InspectOptions) => {
      const isFile = (await stat(checkpoint).catch(() => undefined))?.isFile() ?? false;
      const source = isFile ? dirname(checkpoint) : checkpoint;
      const files = await openPretrained(isFile && source === '' ? '.' : source, {
        ...(revision && { revision }),
        signal: io.signal,
      });
      const config = isFile ? undefined : await readJson(files, 'config.json').catch(absent);
      const weights = await openWeights(files, isFile ? { file: basename(checkpoint) } : {});
      const result = describe(weights, config?.['model_type']);
      print(io, json, result, () => {
        const width = Math.max(...result.tensors.map(({ name }) => name.length));
        return [
          ...result.tensors.map(
            ({ name, dtype, shape }) => `${name.padEnd(width)}  ${dtype.padEnd(4)}  [${shape.join(', ')}]`,
          ),
          `${result.tensors.length} tensors, ${result.values.toLocaleString('en')} values` +
            `${result.modelType === undefined ? '' : `; model type: ${result.modelType}`}`,
        ].join('\n');
      });
    });
}

function describe(weights: TensorReader, modelType: unknown) {
  const tensors = weights.keys().map((name) => ({ name, ...weights.info(name) }));
  const values = tensors.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  return { modelType, tensors, values, metadata: weights.metadata };
}

/** A folder without configuration is still a checkpoint. */
function absent(error: unknown): undefined {
  if (error instanceof CheckpointError) return undefined;
  throw error;
}
