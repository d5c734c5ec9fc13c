import { type ByteSource, CheckpointError } from '@crossmodal/core';
import { PickleDict } from './pickle-reader';
import { quote } from './read-exactly';
import { TorchTensor } from './torch-tensor';

const MOST_DEPTH = 50;
const MOST_VALUES = 1_000_000;
const MOST_KEY_LENGTH = 1000;
/** Tied and expanded tensors take more memory than they do in the file; no more than so many times. */
const MOST_EXPANSION = 64;

/** Where training scripts keep the weights. */
const USUAL_PARTS = ['state_dict', 'model_state_dict', 'model', 'module'];

export interface TorchPartOptions {
  /** The key, at the top of the file, of the weights to take: `ema`. */
  part?: string | undefined;
}

/**
 * The tensors in what a pickle holds, by the keys on the way to them, joined by dots.
 *
 * @throws CheckpointError when there are none, or no such part, or they would take far more memory than the file does.
 */
export function torchTensors(
  value: unknown,
  source: ByteSource,
  { part }: TorchPartOptions = {},
): Map<string, TorchTensor> {
  const fail = (what: string) => new CheckpointError(`${source.name}: ${what}`);
  const tensors = new Map<string, TorchTensor>();
  let values = 0;
  let bytes = 0;

  const visit = (value: unknown, path: string, depth: number) => {
    if (value instanceof TorchTensor) {
      if (tensors.has(path)) throw fail(`has two tensors ${quote(path)}.`);
      bytes += value.byteLength;
      if (bytes > MOST_EXPANSION * source.size) {
        throw fail(
          `its tensors take more than ${MOST_EXPANSION} times the ${source.size} bytes of the file. ` +
            'In Python, save them after .contiguous().',
        );
      }
      tensors.set(path, value);
      return;
    }
    for (const [key, child] of children(value)) {
      // What the same list holds many times is visited as often, so it is the visits that are counted.
      if (++values > MOST_VALUES) throw fail(`holds more than ${MOST_VALUES} values.`);
      const isTensor = child instanceof TorchTensor;
      if (!isTensor && !(child instanceof PickleDict) && !Array.isArray(child)) continue;
      if (typeof key !== 'string' && typeof key !== 'number') {
        if (isTensor) throw fail('a tensor has a key that is neither a text nor a number.');
        continue;
      }
      const name = depth === 0 ? String(key) : `${path}.${key}`;
      if (name.length > MOST_KEY_LENGTH) throw fail(`a key is too long: ${quote(name)}`);
      if (depth === MOST_DEPTH) throw fail(`is nested more than ${MOST_DEPTH} deep: ${quote(name)}`);
      visit(child, name, depth + 1);
    }
  };

  visit(chosenPart(value, part, fail), 'tensor', 0);
  if (tensors.size === 0) throw fail(`holds no tensors${part === undefined ? '' : ` in ${quote(part)}`}.`);
  return tensors;
}

/** Keys and values of a dict or a list. */
function* children(value: unknown): Iterable<[unknown, unknown]> {
  if (Array.isArray(value)) yield* value.entries();
  if (!(value instanceof PickleDict)) return;
  for (let i = 0; i < value.items.length; i += 2) yield [value.items[i], value.items[i + 1]];
}

function chosenPart(
  value: unknown,
  part: string | undefined,
  fail: (what: string) => CheckpointError,
): unknown {
  const top = value instanceof PickleDict ? [...children(value)] : [];
  const find = (name: string) => top.find(([key]) => key === name)?.[1];
  if (part !== undefined) {
    const found = find(part);
    if (found !== undefined) return found;
    const known = top.map(([key]) => (typeof key === 'string' ? key.slice(0, 50) : '?'));
    throw fail(
      `no part ${quote(part)}. At the top there are: ${known.slice(0, 10).join(', ')}${known.length > 10 ? ', ...' : ''}`,
    );
  }
  return USUAL_PARTS.map(find).find((found) => found instanceof PickleDict) ?? value;
}
