import { CheckpointError } from '@crossmodal/core';
import { quote, viewOf } from './read-exactly';

/** A checkpoint of 15,000 tensors takes half a million. */
const MOST_OPCODES = 4_000_000;
/** Python sets a dictionary's items in batches of a thousand, so only nesting makes a stack high. */
const MOST_STACK = 100_000;
const MOST_NAME_BYTES = 1000;

/** A dict or OrderedDict: key, value, key, value, as they were set. */
export class PickleDict {
  readonly items: unknown[] = [];
}

/** What a pickle may refer to by name. */
export interface PickleGlobal {
  /** `collections.OrderedDict` */
  readonly name: string;
  /** What stands for the result of calling it; without this it cannot be called. */
  call?(args: readonly unknown[]): unknown;
}

/** What stands for an object that is made first and then told its state. */
export interface PickleObject {
  setState(state: unknown): void;
}

/** What stands for values that are read past: sets, numpy's numbers, settings, integers of any length. */
export const PASSED_OVER = Symbol('a value that holds no weights');

export interface PickleContext {
  /** What errors call the file. */
  name: string;
  /** The only names that a pickle may use; a reader of pickles executes nothing. */
  globals: ReadonlyMap<string, PickleGlobal>;
  /** What stands for an object kept outside, by what the pickle says of it. */
  persistent(id: unknown): unknown;
}

/**
 * Reads a pickle of protocol 2 to 5 with the opcodes that `torch.save` and NumPy write. Nothing is executed and nothing is
 * looked up: names stand for entries of `context.globals`, and any other is an error. Lists and tuples are arrays.
 * Time and memory are bounded by the bytes given: every opcode makes at most one small value, and no length is
 * believed before the bytes are there.
 *
 * @throws CheckpointError naming the opcode, name or length that cannot be.
 */
export function readPickle(bytes: Uint8Array, context: PickleContext): unknown {
  return new PickleMachine(bytes, context).run();
}

/** The closed list of opcodes. */
const OPCODES: Readonly<Record<number, (machine: PickleMachine) => void>> = {
  149: (m) => m.length64(), // FRAME: only of use to readers of streams
  40: (m) => m.mark(), // MARK

  // Plain values
  78: (m) => m.push(null), // NONE
  136: (m) => m.push(true), // NEWTRUE
  137: (m) => m.push(false), // NEWFALSE
  75: (m) => m.push(m.uint8()), // BININT1
  77: (m) => m.push(m.uint16()), // BININT2
  74: (m) => m.push(m.int32()), // BININT
  138: (m) => m.push(m.long(m.uint8())), // LONG1
  71: (m) => m.push(m.float64()), // BINFLOAT
  140: (m) => m.push(m.text(m.uint8())), // SHORT_BINUNICODE
  88: (m) => m.push(m.text(m.uint32())), // BINUNICODE
  141: (m) => m.push(m.text(m.length64())), // BINUNICODE8
  67: (m) => m.push(m.raw(m.uint8())), // SHORT_BINBYTES
  66: (m) => m.push(m.raw(m.uint32())), // BINBYTES
  142: (m) => m.push(m.raw(m.length64())), // BINBYTES8
  150: (m) => m.push(m.raw(m.length64())), // BYTEARRAY8

  // Containers
  93: (m) => m.push([]), // EMPTY_LIST
  41: (m) => m.push([]), // EMPTY_TUPLE
  125: (m) => m.push(new PickleDict()), // EMPTY_DICT
  143: (m) => m.push(PASSED_OVER), // EMPTY_SET
  133: (m) => m.push(m.pop(1)), // TUPLE1
  134: (m) => m.push(m.pop(2)), // TUPLE2
  135: (m) => m.push(m.pop(3)), // TUPLE3
  116: (m) => m.push(m.popToMark()), // TUPLE
  97: (m) => m.append(m.pop(1)), // APPEND
  101: (m) => m.append(m.popToMark()), // APPENDS
  115: (m) => m.setItems(m.pop(2)), // SETITEM
  117: (m) => m.setItems(m.popToMark()), // SETITEMS
  144: (m) => m.addItems(m.popToMark()), // ADDITEMS

  // Values met before
  113: (m) => m.remember(m.uint8()), // BINPUT
  114: (m) => m.remember(m.uint32()), // LONG_BINPUT
  148: (m) => m.memoize(), // MEMOIZE
  104: (m) => m.recall(m.uint8()), // BINGET
  106: (m) => m.recall(m.uint32()), // LONG_BINGET

  // Names, and what Python would call
  99: (m) => m.global(m.line(), m.line()), // GLOBAL
  147: (m) => m.stackGlobal(), // STACK_GLOBAL
  82: (m) => m.call(), // REDUCE
  129: (m) => m.call(), // NEWOBJ
  98: (m) => m.setState(m.pop(1)), // BUILD: attributes, such as the _metadata of a state dict
  81: (m) => m.push(m.persistent(m.pop(1))), // BINPERSID
};

const isPickleObject = (value: unknown): value is PickleObject =>
  typeof value === 'object' && value !== null && 'setState' in value;

class PickleMachine {
  private readonly view: DataView;
  private readonly utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }); // keeps a byte order mark
  private at = 0;
  private readonly stack: unknown[] = [];
  /** Heights of the stack at the marks that are open. */
  private readonly marks: number[] = [];
  private readonly memo: unknown[] = [];

  constructor(
    private readonly bytes: Uint8Array,
    private readonly context: PickleContext,
  ) {
    this.view = viewOf(bytes);
  }

  run(): unknown {
    if (this.take(1) !== 0 || this.bytes[0] !== 0x80) throw this.damaged('is not a pickle');
    const protocol = this.uint8();
    if (protocol < 2 || protocol > 5) throw this.damaged(`protocol ${protocol} is not among 2 to 5`);
    for (let count = 0; count < MOST_OPCODES; count++) {
      const opcode = this.uint8();
      if (opcode === 0x2e) return this.result(); // STOP
      const step = OPCODES[opcode];
      if (!step) {
        throw this.damaged(
          `opcode 0x${opcode.toString(16).padStart(2, '0')} is not among those that torch.save writes`,
        );
      }
      step(this);
      if (this.stack.length + this.marks.length > MOST_STACK) throw this.damaged('is nested too deeply');
    }
    throw this.damaged(`has more than ${MOST_OPCODES} opcodes`);
  }

  private result(): unknown {
    if (this.at !== this.bytes.byteLength) throw this.damaged('goes on after its end');
    if (this.stack.length !== 1 || this.marks.length !== 0) throw this.damaged('does not end in one value');
    return this.stack[0];
  }

  stackGlobal(): void {
    const [module, name] = this.pop(2);
    if (typeof module !== 'string' || typeof name !== 'string')
      throw this.damaged('names something by what is no text');
    this.global(module, name);
  }

  global(module: string, name: string): void {
    const global = this.context.globals.get(`${module}.${name}`);
    if (!global) {
      throw this.damaged(
        `names ${quote(`${module}.${name}`)}, which no weights need. Nothing was executed. If you trust where the ` +
          'file is from, load it in Python and save its state dict alone, best as safetensors',
      );
    }
    this.push(global);
  }

  call(): void {
    const [callee, args] = this.pop(2) as [Partial<PickleGlobal> | null, unknown];
    const known = typeof callee === 'object' && this.context.globals.get(callee?.name ?? '') === callee;
    if (!known) throw this.damaged('calls what is no name');
    if (!callee?.call) throw this.damaged(`calls ${callee?.name}, which is no function`);
    if (!Array.isArray(args)) throw this.damaged(`calls ${callee.name} with what are no arguments`);
    this.push(callee.call(args));
  }

  /** Attributes of weights are of no use here. */
  setState([state]: unknown[]): void {
    const target = this.top();
    if (isPickleObject(target)) target.setState(state);
    else if (target !== PASSED_OVER && !(target instanceof PickleDict))
      throw this.damaged('sets the state of what has none');
  }

  persistent([id]: unknown[]): unknown {
    return this.context.persistent(id);
  }

  append(values: unknown[]): void {
    const list = this.top();
    if (!Array.isArray(list)) throw this.damaged('appends to what is no list');
    for (const value of values) list.push(value);
  }

  setItems(items: unknown[]): void {
    const dict = this.top();
    if (!(dict instanceof PickleDict)) throw this.damaged('sets items of what is no dict');
    if (items.length % 2 !== 0) throw this.damaged('sets a key without a value');
    for (const item of items) dict.items.push(item);
  }

  addItems(_items: unknown[]): void {
    if (this.top() !== PASSED_OVER) throw this.damaged('adds to what is no set');
  }

  memoize(): void {
    this.remember(this.memo.length);
  }

  /** Python counts the values that it remembers, so there are no holes. */
  remember(index: number): void {
    if (index > this.memo.length)
      throw this.damaged(`remembers value ${index} after ${this.memo.length} others`);
    this.memo[index] = this.top();
  }

  recall(index: number): void {
    if (index >= this.memo.length) throw this.damaged(`refers to value ${index}, which is not there`);
    this.push(this.memo[index]);
  }

  mark(): void {
    this.marks.push(this.stack.length);
  }

  push(value: unknown): void {
    this.stack.push(value);
  }

  private top(): unknown {
    if (this.stack.length <= (this.marks.at(-1) ?? 0)) throw this.damaged('takes more than there is');
    return this.stack.at(-1);
  }

  pop(count: number): unknown[] {
    const height = this.stack.length - count;
    if (height < (this.marks.at(-1) ?? 0)) throw this.damaged('takes more than there is');
    return this.stack.splice(height);
  }

  popToMark(): unknown[] {
    const height = this.marks.pop();
    if (height === undefined) throw this.damaged('ends a group that was not begun');
    return this.stack.splice(height);
  }

  /** Moves past the next bytes; where they begin. */
  private take(length: number): number {
    const start = this.at;
    if (length > this.bytes.byteLength - start)
      throw this.damaged(`expected ${length} more bytes, found ${this.bytes.byteLength - start}`);
    this.at = start + length;
    return start;
  }

  uint8(): number {
    return this.bytes[this.take(1)]!;
  }

  uint16(): number {
    return this.view.getUint16(this.take(2), true);
  }

  int32(): number {
    return this.view.getInt32(this.take(4), true);
  }

  float64(): number {
    return this.view.getFloat64(this.take(8));
  }

  uint32(): number {
    return this.view.getUint32(this.take(4), true);
  }

  length64(): number {
    return Number(this.view.getBigUint64(this.take(8), true)); // what is rounded here is past any end
  }

  raw(length: number): Uint8Array {
    const start = this.take(length);
    return this.bytes.subarray(start, start + length);
  }

  text(length: number): string {
    return this.decode(this.raw(length));
  }

  /** The text up to the end of the line. */
  line(): string {
    const start = this.at;
    const end = this.bytes.subarray(start, start + MOST_NAME_BYTES).indexOf(0x0a);
    if (end < 0) throw this.damaged('has a name without an end');
    const name = this.text(end);
    this.take(1);
    return name;
  }

  private decode(bytes: Uint8Array): string {
    try {
      return this.utf8.decode(bytes);
    } catch {
      throw this.damaged('has a text that is not UTF-8');
    }
  }

  /** Two's complement, little-endian: a number where it is one exactly. Over 64 bits it is the size of nothing. */
  long(length: number): unknown {
    const bytes = this.raw(length);
    if (length > 9) return PASSED_OVER;
    let value = 0n;
    for (const byte of bytes.toReversed()) value = (value << 8n) | BigInt(byte);
    value = BigInt.asIntN(8 * length, value);
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  private damaged(what: string): CheckpointError {
    return new CheckpointError(`${this.context.name}: pickle, byte ${this.at}: ${what}.`);
  }
}
