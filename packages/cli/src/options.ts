import { type Command, InvalidArgumentError } from 'commander';

/** What every command with a model takes. */
export interface ModelOptions {
  model: string;
  revision?: string;
  backend?: string;
  batchSize: number;
  json?: boolean;
}

/** Adds the options of {@link ModelOptions}. */
export function withModel(command: Command): Command {
  return command
    .requiredOption('-m, --model <model>', 'a folder, or a name on the hub: openai/clip-vit-base-patch32')
    .option('--revision <revision>', 'branch, tag or commit of a name on the hub')
    .option(
      '--backend <name>',
      'engine: onnx, webgpu, tensorflow, wasm or cpu (default: the best that works)',
    )
    .option('--batch-size <count>', 'images or texts at a time', positiveInteger, 32)
    .option('--json', 'print one line of JSON');
}

export function positiveInteger(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('Expected a positive integer.');
}

export function nonNegativeInteger(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new InvalidArgumentError('Expected an integer of at least 0.');
}

export function positiveNumber(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('Expected a number above 0.');
}

/** Parts between commas, without spaces around; none of them empty. */
export function commaList(text: string): string[] {
  const parts = text.split(',').map((part) => part.trim());
  if (parts.every((part) => part !== '')) return parts;
  throw new InvalidArgumentError('Expected names with commas between: cat,dog.');
}
