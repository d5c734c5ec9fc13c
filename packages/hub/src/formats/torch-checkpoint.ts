import { type ByteSource, CheckpointError, type TensorReader, tensorReader } from '@crossmodal/core';
import { refuseForeignFile } from './foreign-file';
import { readPickle } from './pickle-reader';
import { readExactly } from './read-exactly';
import { torchGlobals, torchStorage } from './torch-globals';
import { type TorchPartOptions, torchTensors } from './torch-tensors';
import { zipEntries } from './zip-entries';

/** Names, shapes and settings; the weights lie beside it. 15,000 tensors take 3 MB. */
const MOST_PICKLE_BYTES = 64_000_000;

/**
 * Opens a file of `torch.save` (`pytorch_model.bin`, `.pt`, `.pth`, `.ckpt`; PyTorch 1.6 and later) lazily: its
 * structure is read and checked now, each tensor when it is asked for. The pickle within is read, never executed.
 *
 * Of a checkpoint with more than weights, those under `state_dict`, `model_state_dict`, `model` or `module` are
 * taken (the first that is there); else all tensors, with the keys on the way joined by dots. Prefixes within keys,
 * such as `module.` of parallel training, stay. A tensor that is tied to another is read under both keys.
 *
 * @throws CheckpointError naming what is wrong with the file.
 *
 * @example
 * const file = await openTorchCheckpoint(blobSource(pickedFile));
 * await model.loadTensors(file);
 * const ema = await openTorchCheckpoint(source, { part: 'ema' }); // other weights of the same file
 */
export async function openTorchCheckpoint(
  source: ByteSource,
  options: TorchPartOptions = {},
): Promise<TensorReader> {
  const { name } = source;
  await refuseForeignFile(source);
  await refuseOldFormats(source);
  const entries = await zipEntries(source);
  const root = await checkedRoot(entries, name);

  const pickle = entries.get(`${root}/data.pkl`)!;
  if (pickle.size > MOST_PICKLE_BYTES) {
    throw new CheckpointError(
      `${pickle.name}: ${pickle.size} bytes are too many for names and shapes; at most ${MOST_PICKLE_BYTES}.`,
    );
  }
  const value = readPickle(await pickle.read(0, pickle.size), {
    name,
    globals: torchGlobals(name),
    persistent: (id) => torchStorage(id, entries, root, name),
  });
  const tensors = torchTensors(value, source, options);
  return tensorReader(name, {}, tensors, (tensor) => tensor.read());
}

/** The folder that all is in, in a file that has one and that we can read. */
async function checkedRoot(entries: ReadonlyMap<string, ByteSource>, name: string): Promise<string> {
  const pickles = [...entries.keys()].filter((entry) => /^[^/]+\/data\.pkl$/.test(entry));
  const root = pickles[0]?.split('/')[0];
  if (root === undefined || pickles.length > 1) {
    const some = [...entries.keys()].slice(0, 5).join(', ').slice(0, 200);
    throw new CheckpointError(
      `${name}: is a zip file, but not of torch.save: expected one data.pkl in a folder, found ${pickles.length} among ` +
        `${entries.size} entries: ${some}`,
    );
  }
  if (entries.has(`${root}/constants.pkl`)) {
    throw new CheckpointError(
      `${name}: is a TorchScript archive, which holds code. In Python: ` +
        `torch.save(torch.jit.load(path, map_location='cpu').state_dict(), 'weights.pt').`,
    );
  }
  const order = entries.get(`${root}/byteorder`);
  if (order) {
    const text = order.size > 10 ? '' : new TextDecoder().decode(await order.read(0, order.size));
    if (text !== 'little') {
      throw new CheckpointError(
        `${name}: byteorder: expected little, received ${JSON.stringify(text)}. Load it in Python and save it again.`,
      );
    }
  }
  return root;
}

/** Before PyTorch 1.6 files were a row of pickles; before 0.1.10, tar files. */
async function refuseOldFormats(source: ByteSource): Promise<void> {
  const head = await readExactly(source, 0, Math.min(512, source.size));
  const starts = (bytes: number[], at = 0) => bytes.every((byte, i) => head[at + i] === byte);
  const magic = [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
  const ustar = [0x75, 0x73, 0x74, 0x61, 0x72];
  if (starts(magic) || starts(ustar, 257)) {
    throw new CheckpointError(
      `${source.name}: is in PyTorch's format from before version 1.6. In Python: ` +
        `torch.save(torch.load(path, map_location='cpu', weights_only=True), 'weights.pt').`,
    );
  }
  if (!starts([0x50, 0x4b])) {
    throw new CheckpointError(
      `${source.name}: is not a file of torch.save, which begins as a zip file does.`,
    );
  }
}
