import { BYTES_PER_ELEMENT, type ByteSource, CheckpointError, type HostDType } from '@crossmodal/core';
import { PASSED_OVER, PickleDict, type PickleGlobal } from './pickle-reader';
import { TorchStorage, TorchTensor } from './torch-tensor';

interface TypeGlobal extends PickleGlobal {
  dtype: HostDType | undefined;
}

const STORAGES: Readonly<Record<string, HostDType | undefined>> = {
  'torch.DoubleStorage': 'F64',
  'torch.FloatStorage': 'F32',
  'torch.HalfStorage': 'F16',
  'torch.BFloat16Storage': 'BF16',
  'torch.LongStorage': 'I64',
  'torch.IntStorage': 'I32',
  'torch.ShortStorage': 'I16',
  'torch.CharStorage': 'I8',
  'torch.ByteStorage': 'U8',
  'torch.BoolStorage': 'BOOL',
  'torch.storage.UntypedStorage': undefined,
};

const DTYPES: Readonly<Record<string, HostDType>> = {
  'torch.float64': 'F64',
  'torch.float32': 'F32',
  'torch.float16': 'F16',
  'torch.bfloat16': 'BF16',
  'torch.int64': 'I64',
  'torch.int32': 'I32',
  'torch.int16': 'I16',
  'torch.int8': 'I8',
  'torch.uint64': 'U64',
  'torch.uint32': 'U32',
  'torch.uint16': 'U16',
  'torch.uint8': 'U8',
  'torch.bool': 'BOOL',
};

/** What training checkpoints hold beside weights: counters, settings, numpy's numbers. */
const WITHOUT_WEIGHTS = [
  'collections.Counter',
  'argparse.Namespace',
  'builtins.set',
  '__builtin__.set',
  'torch.device',
  'numpy.dtype',
  'numpy.core.multiarray.scalar',
  'numpy._core.multiarray.scalar',
  '_codecs.encode',
];

/**
 * The closed list of names that a checkpoint's pickle may use.
 *
 * @param name What errors call the file.
 */
export function torchGlobals(name: string): ReadonlyMap<string, PickleGlobal> {
  const argument = <T>(
    args: readonly unknown[],
    index: number,
    callee: string,
    fits: (x: unknown) => x is T,
  ) => {
    const value = args[index];
    if (fits(value)) return value;
    throw new CheckpointError(`${name}: pickle: argument ${index} of ${callee} is not what it has to be.`);
  };
  /** The two functions differ in where the dtype comes from. */
  const rebuildTensor = (callee: string, hasDType: boolean) => (args: readonly unknown[]) => {
    const storage = argument(args, 0, callee, isStorage);
    const dtype = hasDType ? argument(args, 6, callee, isType).dtype : storage.dtype;
    if (dtype === undefined) throw new CheckpointError(`${name}: pickle: a tensor has no dtype.`);
    const metadata = args[hasDType ? 7 : 6];
    if (metadata instanceof PickleDict && metadata.items.length > 0) {
      throw new CheckpointError(
        `${name}: pickle: a tensor is a negated or conjugated view. In Python, save it after .resolve_neg().resolve_conj().`,
      );
    }
    const offset = argument(args, 1, callee, isNumber);
    const [shape, strides] = [argument(args, 2, callee, isNumbers), argument(args, 3, callee, isNumbers)];
    return new TorchTensor(dtype, [...shape], storage, offset, [...strides]);
  };
  const calls: Record<string, (args: readonly unknown[], callee: string) => unknown> = {
    'collections.OrderedDict': (args) => {
      if (args.length > 0)
        throw new CheckpointError(`${name}: pickle: expected an OrderedDict without arguments.`);
      return new PickleDict();
    },
    'torch.Size': (args, callee) => [...argument(args, 0, callee, isNumbers)],
    'torch._utils._rebuild_tensor_v2': rebuildTensor('torch._utils._rebuild_tensor_v2', false),
    'torch._utils._rebuild_tensor_v3': rebuildTensor('torch._utils._rebuild_tensor_v3', true),
    'torch._utils._rebuild_parameter': (args, callee) => argument(args, 0, callee, isTensor),
    'torch._utils._rebuild_parameter_with_state': (args, callee) => argument(args, 0, callee, isTensor),
  };
  for (const callee of WITHOUT_WEIGHTS) calls[callee] = () => PASSED_OVER;

  const globals = new Map<string, PickleGlobal>();
  for (const [callee, call] of Object.entries(calls))
    globals.set(callee, { name: callee, call: (args) => call(args, callee) });
  for (const [type, dtype] of Object.entries({ ...STORAGES, ...DTYPES }))
    globals.set(type, { name: type, dtype } as TypeGlobal);
  return globals;
}

/**
 * The storage that a pickle refers to as `('storage', type, key, location, elements)`: the entry `data/<key>`.
 *
 * @throws CheckpointError when there is no such entry, or it is of another size.
 */
export function torchStorage(
  id: unknown,
  entries: ReadonlyMap<string, ByteSource>,
  root: string,
  name: string,
): TorchStorage {
  const [kind, type, key, , count] = Array.isArray(id) ? (id as unknown[]) : [];
  if (
    kind !== 'storage' ||
    !isType(type) ||
    !Object.hasOwn(STORAGES, type.name) ||
    typeof key !== 'string' ||
    !isNumber(count)
  )
    throw new CheckpointError(
      `${name}: pickle: a reference to a storage is not of the form that torch.save writes.`,
    );
  const source = entries.get(`${root}/data/${key}`);
  if (!source)
    throw new CheckpointError(
      `${name}: expected an entry ${root}/data/${key.slice(0, 100)}. Is the file cut off?`,
    );
  const size = count * (type.dtype === undefined ? 1 : BYTES_PER_ELEMENT[type.dtype]);
  if (source.size !== size)
    throw new CheckpointError(`${source.name}: expected ${size} bytes, found ${source.size}.`);
  return new TorchStorage(source, type.dtype);
}

const isTensor = (x: unknown): x is TorchTensor => x instanceof TorchTensor;
const isStorage = (x: unknown): x is TorchStorage => x instanceof TorchStorage;
const isType = (x: unknown): x is TypeGlobal =>
  typeof x === 'object' && x !== null && 'dtype' in x && 'name' in x;
const isNumber = (x: unknown): x is number => typeof x === 'number';
const isNumbers = (x: unknown): x is number[] => Array.isArray(x) && x.length <= 64 && x.every(isNumber);
