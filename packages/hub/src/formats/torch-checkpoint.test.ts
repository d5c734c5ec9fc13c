import { bytesSource, CheckpointError } from '@crossmodal/core';
import { describe, expect, it } from 'vitest';
import { expectedTensors, goldenBytes, goldenSource } from '../../test/golden-files';
import {
  dict,
  global,
  int,
  type PicklePart,
  pickle,
  storage,
  tensor,
  text,
  torchFile,
  tuple,
  uint32,
  uint64,
  wholePickle,
} from '../../test/pickle-bytes';
import { openTorchCheckpoint } from './torch-checkpoint';

const GOLDEN = 'torch_files.safetensors';
const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);

/** Opens a file with this pickle and a storage `0` of six floats. */
const open = (pickled: Uint8Array, storages: Record<string, Uint8Array> = { 0: floats(0, 1, 2, 3, 4, 5) }) =>
  openTorchCheckpoint(bytesSource(torchFile(pickled, storages), 'model.pt'));

describe('openTorchCheckpoint reads what torch.save writes', () => {
  it.each([
    ['dtypes.pt', 13],
    ['views.pt', 21],
    ['module.bin', 9],
    ['protocol3.pt', 9],
    ['protocol4.pt', 9],
    ['protocol5.pt', 9],
    ['zip64.pt', 9],
    ['training.pt', 9],
    ['training4.pt', 9],
    ['lightning.ckpt', 9],
    ['nested.pt', 4],
  ])('%s', async (path, count) => {
    const file = await openTorchCheckpoint(goldenSource(`torch/${path}`));
    const expected = expectedTensors(GOLDEN, path);
    expect(file.keys()).toHaveLength(count);
    expect(file.keys().sort()).toEqual(Object.keys(expected).sort());
    for (const [key, tensor] of Object.entries(expected)) {
      expect(file.info(key), key).toEqual({ dtype: tensor.dtype, shape: tensor.shape });
      expect(await file.tensor(key), key).toEqual(tensor);
    }
  });

  it('another part, by name', async () => {
    const file = await openTorchCheckpoint(goldenSource('torch/training.pt'), { part: 'ema' });
    expect(await file.stateDict()).toEqual(expectedTensors(GOLDEN, 'training.pt:ema'));
    await expect(openTorchCheckpoint(goldenSource('torch/training.pt'), { part: 'emma' })).rejects.toThrow(
      'training.pt: no part "emma". At the top there are: epoch, arch, best_accuracy, loss, seen, big, history, ' +
        'milestones, args, shape, ...',
    );
    await expect(openTorchCheckpoint(goldenSource('torch/training.pt'), { part: 'epoch' })).rejects.toThrow(
      'training.pt: holds no tensors in "epoch".',
    );
  });

  it('a tensor by itself', async () => {
    const file = await open(wholePickle(tensor({ storage: storage('0', 6), shape: [2], strides: [2] })));
    expect(await file.stateDict()).toEqual({ tensor: { dtype: 'F32', shape: [2], bytes: floats(0, 2) } });
  });
});

describe('openTorchCheckpoint reads lazily', () => {
  it('50 MB tensor by tensor, and of a view only what it covers', async () => {
    const rows = 10;
    const rowBytes = 5_000_000;
    const row = rowBytes / 4;
    const parts: Record<string, PicklePart> = {};
    for (let i = 0; i < rows; i++)
      parts[`row${i}`] = tensor({
        storage: storage('0', rows * row),
        offset: i * row,
        shape: [row],
        strides: [1],
      });
    parts['column'] = tensor({ storage: storage('0', rows * row), offset: 7, shape: [2], strides: [row] });
    const values = Float32Array.from({ length: rows * row }, (_, i) => i % 1000003);
    const bytes = torchFile(wholePickle(dict(parts)), { 0: new Uint8Array(values.buffer) });

    const reads: number[] = [];
    const source = {
      name: 'large.pt',
      size: bytes.length,
      read: async (offset: number, length: number) => {
        reads.push(length);
        return bytes.subarray(offset, offset + length);
      },
    };
    const file = await openTorchCheckpoint(source);
    expect(reads.reduce((a, b) => a + b)).toBeLessThan(100_000);
    for (let i = 0; i < rows; i++) {
      const { bytes: read } = await file.tensor(`row${i}`);
      expect(Buffer.compare(read, new Uint8Array(values.buffer, i * rowBytes, rowBytes))).toBe(0);
    }
    expect(Math.max(...reads)).toBe(rowBytes);
    expect(new Float32Array((await file.tensor('column')).bytes.buffer)).toEqual(
      Float32Array.of(values[7]!, values[7 + row]!),
    );
    expect(Math.max(...reads)).toBe(rowBytes + 4);
  });
});

describe('openTorchCheckpoint refuses other files and says what to do', () => {
  it.each([
    [
      'before_1_6.pt',
      "is in PyTorch's format from before version 1.6. In Python: torch.save(torch.load(path, map_location='cpu', " +
        "weights_only=True), 'weights.pt').",
    ],
    ['torchscript.pt', 'is a TorchScript archive, which holds code. In Python: torch.save(torch.jit.load('],
    ['complex.pt', 'names "torch.ComplexFloatStorage", which no weights need.'],
    [
      'negated.pt',
      'is a negated or conjugated view. In Python, save it after .resolve_neg().resolve_conj().',
    ],
  ])('%s', async (path, message) => {
    await expect(openTorchCheckpoint(goldenSource(`torch/${path}`))).rejects.toThrow(message);
    await expect(openTorchCheckpoint(goldenSource(`torch/${path}`))).rejects.toThrow(CheckpointError);
  });

  const tar = new Uint8Array(512);
  tar.set(new TextEncoder().encode('ustar'), 257);
  it.each([
    ['a tar file', tar, "PyTorch's format from before version 1.6"],
    ['nothing', new Uint8Array(), 'x.pt: is empty.'],
    ['text', new TextEncoder().encode('hello'), 'x.pt: is not a file of torch.save'],
    [
      'a git-LFS pointer',
      new TextEncoder().encode('version https://git-lfs.github.com/spec/v1\noid'),
      'git lfs pull',
    ],
    [
      'the first half',
      goldenBytes('torch/module.bin').subarray(0, 2000),
      'zip: has no directory at its end. Is the',
    ],
  ])('%s', async (_, bytes, message) => {
    await expect(openTorchCheckpoint(bytesSource(bytes, 'x.pt'))).rejects.toThrow(message);
  });

  it('big-endian, another zip, two pickles', async () => {
    const entry = (name: string, content = '') => ({ name, data: new TextEncoder().encode(content) });
    const with_ = (...others: { name: string; data: Uint8Array }[]) =>
      openTorchCheckpoint(bytesSource(torchFile(wholePickle('}'), {}, others), 'x.pt'));
    await expect(with_(entry('archive/byteorder', 'big'))).rejects.toThrow(
      'x.pt: byteorder: expected little, received "big".',
    );
    await expect(with_(entry('archive/byteorder', 'little'))).rejects.toThrow('x.pt: holds no tensors.');
    await expect(with_(entry('other/data.pkl'))).rejects.toThrow(
      'x.pt: is a zip file, but not of torch.save: expected one data.pkl in a folder, found 2 among 2 entries: ' +
        'archive/data.pkl, other/data.pkl',
    );
  });
});

const repeated = (opcodes: string, count: number) =>
  new Uint8Array(Buffer.alloc(opcodes.length * count, opcodes));
const good = { storage: storage('0', 6), shape: [2, 3], strides: [3, 1] };

describe('openTorchCheckpoint believes nothing', () => {
  const of = (parts: Partial<Parameters<typeof tensor>[0]>) =>
    wholePickle(dict({ x: tensor({ ...good, ...parts }) }));
  it.each<[string, Uint8Array, string]>([
    [
      'a view past the end',
      of({ offset: 1 }),
      'F32 [2, 3] with offset 1 and strides [3, 1] does not lie within the 24',
    ],
    ['strides past the end', of({ strides: [4, 1] }), 'strides [4, 1] does not lie within the 24 bytes'],
    [
      'a negative offset',
      of({ offset: -1 }),
      'expected sizes and strides of at least 0, received -1,2,3,3,1',
    ],
    ['a negative stride', of({ strides: [-3, 1] }), 'expected sizes and strides of at least 0'],
    ['a negative size', of({ shape: [-2, -3] }), 'expected sizes and strides of at least 0'],
    ['a size of 2^50', of({ shape: [2 ** 50], strides: [1] }), 'does not lie within'],
    ['2^50 times the same', of({ shape: [2 ** 50], strides: [0] }), 'more than 64 times the'],
    [
      'a size that is no number',
      of({ shape: [2n ** 63n - 1n], strides: [0] }),
      'argument 2 of torch._utils._rebuild',
    ],
    ['an overflow', of({ shape: [2 ** 40, 2 ** 40], strides: [0, 0] }), 'does not lie within'],
    ['fewer strides', of({ strides: [1] }), 'expected as many strides as sizes'],
    ['65 dimensions', of({ shape: Array(65).fill(1), strides: Array(65).fill(1) }), 'argument 2 of'],
    [
      'a storage of 2^50',
      of({ storage: storage('0', 2 ** 50) }),
      'data/0: expected 4503599627370496 bytes, found 24',
    ],
    ['a storage of -6', of({ storage: storage('0', -6) }), 'expected -24 bytes, found 24'],
    [
      'another type of storage',
      of({ storage: storage('0', 6, 'torch.DoubleStorage') }),
      'expected 48 bytes, found 24',
    ],
    [
      'no such storage',
      of({ storage: storage('1', 6) }),
      'expected an entry archive/data/1. Is the file cut off?',
    ],
    [
      'a storage elsewhere',
      of({ storage: storage('../data.pkl', 6) }),
      'expected an entry archive/data/../data.pkl',
    ],
    [
      'a storage of no type',
      of({ storage: storage('0', 6, 'torch.float32') }),
      'a reference to a storage is not of the',
    ],
    [
      'an untyped tensor',
      of({ storage: storage('0', 24, 'torch.storage.UntypedStorage') }),
      'a tensor has no dtype',
    ],
    ['a storage by a text', of({ storage: [text('0'), 'Q'] }), 'a reference to a storage is not of the form'],
    ['a storage by a list', of({ storage: [']', 'Q'] }), 'a reference to a storage is not of the form'],
    [
      'a tensor of no storage',
      of({ storage: 'N' }),
      'argument 0 of torch._utils._rebuild_tensor_v2 is not what it',
    ],
    [
      'a tensor without arguments',
      wholePickle(global('torch._utils._rebuild_tensor_v2'), ')R'),
      'argument 0 of',
    ],
    [
      'a parameter of no tensor',
      wholePickle(global('torch._utils._rebuild_parameter'), tuple('N'), 'R'),
      'argument 0',
    ],
    [
      'two of one name',
      wholePickle('}(', text('x'), tensor(good), text('x'), tensor(good), 'u'),
      'two tensors "x"',
    ],
    [
      'two of one joined name',
      wholePickle(dict({ 'a.b': tensor(good), a: dict({ b: tensor(good) }) })),
      'has two tensors "a.b".',
    ],
    [
      'a tensor under nothing',
      wholePickle('}(N', tensor(good), 'u'),
      'a key that is neither a text nor a number',
    ],
    ['a long key', wholePickle(dict({ ['k'.repeat(1001)]: tensor(good) })), 'a key is too long: "kkk'],
  ])('%s', async (_, pickled, message) => {
    await expect(open(pickled)).rejects.toThrow(CheckpointError);
    await expect(open(pickled)).rejects.toThrow(message);
    await expect(open(pickled)).rejects.toThrow(/^model\.pt: /);
  });

  it('a list that holds itself, and lists of lists of lists', async () => {
    await expect(open(wholePickle(']q\0h\0a'))).rejects.toThrow('is nested more than 50 deep: "0.0.0');
    // Each list holds the one before ten times: ten thousand million ways to what is in the first.
    const laughs = (first: PicklePart) => {
      const parts: PicklePart[] = ['(]', first, 'aq\0'];
      for (let i = 0; i < 10; i++) parts.push('](', 'h\0'.repeat(10), 'eq\0');
      return wholePickle(...parts, 't');
    };
    const started = performance.now();
    await expect(open(laughs('N'))).rejects.toThrow('model.pt: holds more than 1000000 values.');
    await expect(open(laughs(tensor(good)))).rejects.toThrow('more than 64 times');
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it('many names for the same bytes', async () => {
    const many = Array.from({ length: 100 }, (_, i) => [text(`x${i}`), 'h\0']);
    const bytes = new Uint8Array(40_000);
    const whole = tensor({ storage: storage('0', 10_000), shape: [10_000], strides: [1] });
    await expect(open(wholePickle(whole, 'q\x00}('.replace('0', '')), { 0: bytes })).rejects.toThrow(
      'pickle',
    );
    const pickled = wholePickle('}(', text('y'), whole, 'q\0', ...many, 'u');
    await expect(open(pickled, { 0: bytes })).rejects.toThrow(
      /^model\.pt: its tensors take more than 64 times the \d+ bytes of the file\./,
    );
  });

  it('a storage that is not what the directory says', async () => {
    const bytes = torchFile(wholePickle(dict({ x: tensor(good) })), { 0: floats(0, 1, 2, 3, 4, 5) });
    const at = bytes.lastIndexOf(0x30, bytes.length - 200); // the 0 of data/0
    bytes[at] = 0x31;
    await expect(
      openTorchCheckpoint(bytesSource(bytes, 'x.pt')).then((file) => file.tensor('x')),
    ).rejects.toThrow(CheckpointError);
  });
});

describe('openTorchCheckpoint executes nothing', () => {
  const unlisted = (name: string) =>
    `names ${JSON.stringify(name)}, which no weights need. Nothing was executed.`;
  const named = (module: string, name: string) => pickle(text(module), text(name), 0x93);
  it.each<[string, Uint8Array, string]>([
    ['os.system', wholePickle(global('os.system'), tuple(text('id')), 'R'), unlisted('os.system')],
    ['posix.system', wholePickle(global('posix.system'), tuple(text('id')), 'R'), unlisted('posix.system')],
    ['eval', wholePickle(global('builtins.eval'), tuple(text('1')), 'R'), unlisted('builtins.eval')],
    ['getattr', wholePickle(global('builtins.getattr'), ')R'), unlisted('builtins.getattr')],
    [
      '_load_from_bytes',
      wholePickle(global('torch.storage._load_from_bytes')),
      unlisted('torch.storage._load_from_bytes'),
    ],
    ['a name alone', wholePickle(global('torch.nn.Linear')), unlisted('torch.nn.Linear')],
    ['STACK_GLOBAL', wholePickle(named('os', 'system')), unlisted('os.system')],
    [
      'a dotted name',
      wholePickle(named('collections', 'OrderedDict.__init__')),
      unlisted('collections.OrderedDict.__init__'),
    ],
    ['toString', wholePickle(named('toString', '')), unlisted('toString.')],
    ['STACK_GLOBAL of numbers', wholePickle('K\x01K\x02', 0x93), 'names something by what is no text'],
    ['INST', wholePickle('(', text('id'), 'ios\nsystem\n'), 'opcode 0x69 is not among'],
    ['OBJ', wholePickle('(o'), 'opcode 0x6f is not among'],
    ['EXT1', wholePickle(0x82, 1), 'opcode 0x82 is not among'],
    ['EXT2', wholePickle(0x83, 1, 0), 'opcode 0x83 is not among'],
    ['EXT4', wholePickle(0x84, uint32(1)), 'opcode 0x84 is not among'],
    ['NEWOBJ_EX', wholePickle(')})', 0x92), 'opcode 0x92 is not among'],
    ['PERSID', wholePickle('P0\n'), 'opcode 0x50 is not among'],
    ['a text called', wholePickle(text('os.system'), ')R'), 'calls what is no name'],
    ['None called', wholePickle('N)R'), 'calls what is no name'],
    ['a result called', wholePickle(global('collections.OrderedDict'), ')R)R'), 'calls what is no name'],
    [
      'a type called',
      wholePickle(global('torch.FloatStorage'), ')R'),
      'calls torch.FloatStorage, which is no function',
    ],
    [
      'a call without arguments',
      wholePickle(global('torch.Size'), 'NR'),
      'calls torch.Size with what are no arguments',
    ],
    ['the state of a list', wholePickle(']}b'), 'sets the state of what has none'],
    ['the state of a name', wholePickle(global('torch.Size'), '}b'), 'sets the state of what has none'],
    ['protocol 0', pickle('(dp0\n.'), 'is not a pickle'],
    ['protocol 6', pickle(0x80, 6, '}.'), 'protocol 6 is not among 2 to 5'],
    [
      'a text of 2^60',
      wholePickle(0x8d, uint64(2n ** 60n)),
      'expected 1152921504606847000 more bytes, found 1',
    ],
    [
      'bytes of 2^63',
      wholePickle(0x8e, uint64(2n ** 63n)),
      'expected 9223372036854776000 more bytes, found 1',
    ],
    ['a text of 2^32', wholePickle('X', uint32(-1)), 'expected 4294967295 more bytes, found 1'],
    ['a text that is not UTF-8', wholePickle(0x8c, 1, 0xff), 'has a text that is not UTF-8'],
    ['a name without end', wholePickle('c', 'a'.repeat(2000)), 'has a name without an end'],
    ['a value never met', wholePickle('h\x05'), 'refers to value 5, which is not there'],
    ['a memo with a hole', wholePickle('Nq\x01'), 'remembers value 1 after 0 others'],
    ['a memo of 2^32', wholePickle('Nr', uint32(-1)), 'remembers value 4294967295 after 0 others'],
    ['a memo of nothing', wholePickle('q\0'), 'takes more than there is'],
    ['too few values', wholePickle('N', 0x86), 'takes more than there is'],
    ['values under a mark', wholePickle('NN(', 0x86), 'takes more than there is'],
    ['no mark', wholePickle('Nt'), 'ends a group that was not begun'],
    ['an open mark', wholePickle('(N'), 'does not end in one value'],
    ['two values', wholePickle('NN'), 'does not end in one value'],
    ['more after the end', pickle(0x80, 2, 'N.N'), 'goes on after its end'],
    ['no end', pickle(0x80, 2, 'N'), 'expected 1 more bytes, found 0'],
    ['nothing', pickle(), 'expected 1 more bytes, found 0'],
    ['items of a list', wholePickle('](NNu'), 'sets items of what is no dict'],
    ['a key without value', wholePickle('}(Nu'), 'sets a key without a value'],
    ['a list of a dict', wholePickle('}Na'), 'appends to what is no list'],
    ['a set of a list', wholePickle('](N', 0x90), 'adds to what is no set'],
    ['a deep stack', wholePickle('N'.repeat(200_000)), 'is nested too deeply'],
    ['many marks', wholePickle('('.repeat(200_000)), 'is nested too deeply'],
    ['many opcodes', wholePickle('}', repeated('q\0', 4_000_001)), 'has more than 4000000 opcodes'],
    [
      'an OrderedDict of items',
      wholePickle(global('collections.OrderedDict'), tuple(']'), 'R'),
      'without arguments',
    ],
    [
      'a Size of a number',
      wholePickle(global('torch.Size'), tuple(int(2)), 'R'),
      'argument 0 of torch.Size is not',
    ],
  ])('%s', async (_, pickled, message) => {
    const started = performance.now();
    await expect(open(pickled)).rejects.toThrow(message);
    expect(performance.now() - started).toBeLessThan(5000);
    await expect(open(pickled)).rejects.toThrow(CheckpointError);
  });

  it('a pickle that is too long', async () => {
    const source = bytesSource(torchFile(wholePickle('}', repeated('q\0', 32_000_000))), 'x.pt');
    await expect(openTorchCheckpoint(source)).rejects.toThrow(
      'x.pt: archive/data.pkl: 64000004 bytes are too many for names and shapes; at most 64000000.',
    );
  });
});
