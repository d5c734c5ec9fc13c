import {
  CheckpointError,
  formatShape,
  type HostTensor,
  type StateDict,
  type TensorReader,
  tensorReader,
} from '@crossmodal/core';

/**
 * A tensor that a published file holds otherwise than as one parameter in PyTorch's layout. Names are keys, or their
 * ends from a dot on: `attn.c_attn.weight` is also `h.0.attn.c_attn.weight`, whose beginning stays as it is.
 */
export interface TensorRule {
  /** The tensor's name in the file. */
  file: string;
  /**
   * The names that the module has for it. Of several, the file stacks the values along the first axis, in this order
   * and in equal parts. None: the module has no use for it.
   */
  module: readonly string[];
  /** Whether the file has the matrix as [in, out], where PyTorch's layers have [out, in]. Default false. */
  transpose?: boolean;
}

/** Where a tensor of the module lies in the file. */
interface Place extends Pick<HostTensor, 'dtype' | 'shape'> {
  file: string;
  rule?: TensorRule;
  /** Which of the rule's parts it is. */
  part: number;
}

/**
 * The weights of a file as a module takes them, by rules: packed tensors in parts, matrices turned, others as they
 * are. Values keep their dtype, and nothing is read before it is asked for.
 *
 * @throws CheckpointError when a tensor cannot be turned, or not be cut into equal parts.
 * @example
 * const names = ['attn.q_proj.weight', 'attn.k_proj.weight', 'attn.v_proj.weight'];
 * const rules = [{ file: 'attn.in_proj_weight', module: names }];
 * await model.loadTensors(convertTensors(file, rules));
 */
export function convertTensors(reader: TensorReader, rules: readonly TensorRule[]): TensorReader {
  const places = new Map<string, Place>();
  for (const file of reader.keys()) {
    const { dtype, shape } = reader.info(file);
    const found = findRule(file, rules, ({ file }) => [file]);
    if (!found) {
      places.set(file, { dtype, shape, file, part: 0 });
      continue;
    }
    const { rule, start } = found;
    const partShape = shapeOfPart(shape, rule, file);
    for (const [part, name] of rule.module.entries())
      places.set(start + name, { dtype, shape: partShape, file, rule, part });
  }

  // Packed tensors of which some parts have been read, so that each is read and turned once.
  const held = new Map<string, { bytes: Uint8Array; left: Set<number> }>();
  return tensorReader('convertTensors', { ...reader.metadata }, places, async ({ file, rule, part }) => {
    const parts = rule?.module.length ?? 1;
    let whole = held.get(file);
    if (!whole) {
      const host = await reader.tensor(file);
      const bytes = rule?.transpose ? transposed(host) : host.bytes;
      whole = { bytes, left: new Set(Array.from({ length: parts }, (_, i) => i)) };
    }
    whole.left.delete(part);
    if (whole.left.size > 0) held.set(file, whole);
    else held.delete(file);
    const size = whole.bytes.byteLength / parts;
    return whole.bytes.subarray(part * size, (part + 1) * size);
  });
}

/**
 * Undoes {@link convertTensors}: the state of a module as the published file has it.
 *
 * @throws CheckpointError when a part is missing, or parts differ in shape or dtype.
 */
export function restoreTensors(state: StateDict, rules: readonly TensorRule[]): StateDict {
  const restored: StateDict = {};
  for (const [key, host] of Object.entries(state)) {
    const found = findRule(key, rules, ({ module }) => module);
    if (!found) restored[key] = host;
    else restored[found.start + found.rule.file] ??= packed(state, found.rule, found.start);
  }
  return restored;
}

/** The tensor of the file, from its parts. */
function packed(state: StateDict, { file, module, transpose }: TensorRule, start: string): HostTensor {
  const parts = module.map((name) => {
    const part = state[start + name];
    if (!part)
      throw new CheckpointError(`restoreTensors: ${start}${file}: its part ${start}${name} is missing.`);
    return part;
  });
  const { dtype, shape } = parts[0]!;
  for (const [i, part] of parts.entries()) {
    if (part.dtype === dtype && formatShape(part.shape) === formatShape(shape)) continue;
    throw new CheckpointError(
      `restoreTensors: ${start}${module[i]}: expected ${dtype} ${formatShape(shape)} as its other parts, ` +
        `received ${part.dtype} ${formatShape(part.shape)}.`,
    );
  }
  const [first = 1, ...rest] = shape;
  const size = parts[0]!.bytes.byteLength;
  const bytes = new Uint8Array(parts.length * size);
  for (const [i, part] of parts.entries()) bytes.set(part.bytes, i * size);
  const whole = { dtype, shape: parts.length > 1 ? [parts.length * first, ...rest] : shape, bytes };
  if (!transpose) return whole;
  assertMatrix(whole.shape, start + file, 'restoreTensors');
  return { dtype, shape: [...whole.shape].reverse(), bytes: transposed(whole) };
}

/** The first rule one of whose names the key is or ends in, and what stands before that. */
function findRule(
  key: string,
  rules: readonly TensorRule[],
  namesOf: (rule: TensorRule) => readonly string[],
): { rule: TensorRule; start: string } | undefined {
  for (const rule of rules) {
    const name = namesOf(rule).find((name) => key === name || key.endsWith(`.${name}`));
    if (name !== undefined) return { rule, start: key.slice(0, key.length - name.length) };
  }
  return undefined;
}

function shapeOfPart(shape: readonly number[], { module, transpose }: TensorRule, file: string): number[] {
  if (transpose) assertMatrix(shape, file, 'convertTensors');
  const turned = transpose ? [...shape].reverse() : [...shape];
  if (module.length < 2) return turned;
  const [first = 0, ...rest] = turned;
  if (turned.length > 0 && first % module.length === 0) return [first / module.length, ...rest];
  throw new CheckpointError(
    `convertTensors: ${file}: expected ${module.length} equal parts, received shape ${formatShape(shape)}.`,
  );
}

function assertMatrix(shape: readonly number[], key: string, caller: string): void {
  if (shape.length !== 2)
    throw new CheckpointError(`${caller}: ${key}: expected a matrix, received shape ${formatShape(shape)}.`);
}

/** The bytes of a matrix [rows, columns] as [columns, rows]. */
function transposed({ shape, bytes }: HostTensor): Uint8Array {
  const [rows, columns] = shape as [number, number];
  if (rows * columns === 0) return bytes;
  const elementsOf = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array, 8: BigUint64Array };
  const size = (bytes.byteLength / (rows * columns)) as keyof typeof elementsOf;
  const Elements = elementsOf[size] as typeof Uint32Array;
  const aligned = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  const from = new Elements(aligned.buffer, aligned.byteOffset, rows * columns);
  const to = new Elements(rows * columns);
  const block = 32; // in blocks, whose lines of both stay in the cache
  for (let row0 = 0; row0 < rows; row0 += block) {
    const rowEnd = Math.min(row0 + block, rows);
    for (let column0 = 0; column0 < columns; column0 += block) {
      const columnEnd = Math.min(column0 + block, columns);
      for (let row = row0; row < rowEnd; row++)
        for (let column = column0; column < columnEnd; column++)
          to[column * rows + row] = from[row * columns + column]!;
    }
  }
  return new Uint8Array(to.buffer);
}
