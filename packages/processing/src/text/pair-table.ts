/** Merges by pair, and their application to a word. */
export class PairTable {
  private readonly pairs: Int32Array;
  private readonly mergedIds: Int32Array;
  /** Open addressing: rank + 1 of the pair in a slot, or 0. */
  private readonly slots: Int32Array;
  private readonly mask: number;

  /** @param pairs (left id, right id) by rank, [merges, 2]. @param mergedIds What each becomes, [merges]. */
  constructor(pairs: ArrayLike<number>, mergedIds: ArrayLike<number>) {
    this.pairs = Int32Array.from(pairs);
    this.mergedIds = Int32Array.from(mergedIds);
    const size = 2 ** Math.ceil(Math.log2(2 * mergedIds.length + 2));
    this.slots = new Int32Array(size);
    this.mask = size - 1;
    for (let rank = 0; rank < mergedIds.length; rank++) {
      this.slots[this.slot(this.pairs[2 * rank]!, this.pairs[2 * rank + 1]!)] = rank + 1;
    }
  }

  /** Joins pairs, lowest rank first and from left to right, until none is left. Uses up `ids`. */
  merge(ids: Int32Array): number[] {
    const n = ids.length;
    // Neighbours by position; a position that was joined to its left has id -1.
    const next = new Int32Array(n);
    const previous = new Int32Array(n);
    // Each possible merge is one number, rank first, so that numbers sort as merges happen.
    const queue: number[] = [];
    for (let i = 0; i < n; i++) {
      next[i] = i + 1 < n ? i + 1 : -1;
      previous[i] = i - 1;
      if (i > 0) this.enqueue(queue, ids, i - 1, i);
    }
    while (queue.length > 0) {
      const entry = pop(queue);
      const rank = Math.floor(entry / 2 ** 32);
      const at = entry % 2 ** 32;
      const right = next[at]!;
      // Stale when either half has changed since.
      if (right < 0 || ids[at] !== this.pairs[2 * rank] || ids[right] !== this.pairs[2 * rank + 1]) continue;
      ids[at] = this.mergedIds[rank]!;
      ids[right] = -1;
      const after = next[right]!;
      next[at] = after;
      if (previous[at]! >= 0) this.enqueue(queue, ids, previous[at]!, at);
      if (after >= 0) {
        previous[after] = at;
        this.enqueue(queue, ids, at, after);
      }
    }
    const merged: number[] = [];
    for (let i = 0; i >= 0 && i < n; i = next[i]!) merged.push(ids[i]!);
    return merged;
  }

  private enqueue(queue: number[], ids: Int32Array, left: number, right: number): void {
    const rank = this.slots[this.slot(ids[left]!, ids[right]!)]! - 1;
    if (rank >= 0) push(queue, rank * 2 ** 32 + left);
  }

  /** Where the pair is, or else the free slot where it would be. */
  private slot(left: number, right: number): number {
    let slot = (Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b)) >>> 0;
    slot = (slot ^ (slot >>> 15)) & this.mask;
    for (;;) {
      const rank = this.slots[slot]! - 1;
      if (rank < 0 || (this.pairs[2 * rank] === left && this.pairs[2 * rank + 1] === right)) return slot;
      slot = (slot + 1) & this.mask;
    }
  }
}

// A binary heap of plain numbers: one over any values by a comparison takes five times as long here.
function push(heap: number[], value: number): void {
  let i = heap.length;
  heap.push(value);
  while (i > 0) {
    const parent = (i - 1) >> 1;
    if (heap[parent]! <= value) break;
    heap[i] = heap[parent]!;
    i = parent;
  }
  heap[i] = value;
}

function pop(heap: number[]): number {
  const top = heap[0]!;
  const value = heap.pop()!;
  const n = heap.length;
  if (n === 0) return top;
  let i = 0;
  for (;;) {
    let child = 2 * i + 1;
    if (child >= n) break;
    if (child + 1 < n && heap[child + 1]! < heap[child]!) child++;
    if (heap[child]! >= value) break;
    heap[i] = heap[child]!;
    i = child;
  }
  heap[i] = value;
  return top;
}
