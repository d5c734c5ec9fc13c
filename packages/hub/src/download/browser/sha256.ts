const BLOCK = 64;
/** First 32 bits of the fractional parts of the roots of the first primes: cube roots per round, square roots to start. */
const ROUNDS = primeRoots(64, 1 / 3);
const START = primeRoots(8, 1 / 2);

/** SHA-256 that is fed bit by bit, which browsers' own cannot be; FIPS 180-4, section 6.2. */
export class Sha256 {
  private readonly state = START.slice();
  private readonly words = new Int32Array(BLOCK);
  /** Bytes of a block that is not full. */
  private readonly rest = new Uint8Array(BLOCK);
  private restBytes = 0;
  private bytes = 0;

  update(bytes: Uint8Array): void {
    this.bytes += bytes.byteLength;
    let at = 0;
    if (this.restBytes > 0) {
      at = Math.min(BLOCK - this.restBytes, bytes.byteLength);
      this.rest.set(bytes.subarray(0, at), this.restBytes);
      this.restBytes += at;
      if (this.restBytes < BLOCK) return;
      this.block(new DataView(this.rest.buffer), 0);
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (; at + BLOCK <= bytes.byteLength; at += BLOCK) this.block(view, at);
    this.rest.set(bytes.subarray(at));
    this.restBytes = bytes.byteLength - at;
  }

  /** The hash, in lower-case hexadecimals; nothing can be added any more. */
  hex(): string {
    const end = new Uint8Array(this.restBytes < BLOCK - 8 ? BLOCK : 2 * BLOCK);
    end.set(this.rest.subarray(0, this.restBytes));
    end[this.restBytes] = 0x80;
    const view = new DataView(end.buffer);
    view.setBigUint64(end.byteLength - 8, BigInt(this.bytes) * 8n);
    for (let at = 0; at < end.byteLength; at += BLOCK) this.block(view, at);
    return [...this.state].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
  }

  private block(view: DataView, offset: number): void {
    const { state, words } = this;
    for (let i = 0; i < 16; i++) words[i] = view.getInt32(offset + 4 * i);
    for (let i = 16; i < 64; i++) {
      const x = words[i - 15]!;
      const y = words[i - 2]!;
      const small0 = rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3);
      const small1 = rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10);
      words[i] = words[i - 16]! + small0 + words[i - 7]! + small1;
    }
    let a = state[0]!;
    let b = state[1]!;
    let c = state[2]!;
    let d = state[3]!;
    let e = state[4]!;
    let f = state[5]!;
    let g = state[6]!;
    let h = state[7]!;
    for (let i = 0; i < 64; i++) {
      const large1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
      const t1 = (h + large1 + ((e & f) ^ (~e & g)) + ROUNDS[i]! + words[i]!) | 0;
      const large0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
      const t2 = (large0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + t1) | 0;
      d = c;
      c = b;
      b = a;
      a = (t1 + t2) | 0;
    }
    // One by one: loops over lists of them cost a third of the speed.
    state[0] = state[0]! + a;
    state[1] = state[1]! + b;
    state[2] = state[2]! + c;
    state[3] = state[3]! + d;
    state[4] = state[4]! + e;
    state[5] = state[5]! + f;
    state[6] = state[6]! + g;
    state[7] = state[7]! + h;
  }
}

function rotate(x: number, by: number): number {
  return (x >>> by) | (x << (32 - by));
}

function primeRoots(count: number, power: number): Int32Array {
  const primes: number[] = [];
  for (let n = 2; primes.length < count; n++) if (primes.every((prime) => n % prime !== 0)) primes.push(n);
  return Int32Array.from(primes, (prime) => (prime ** power % 1) * 2 ** 32);
}
