/** A pair of ids that could be merged next, how often it occurs, and in which words it may. */
export interface MergeCandidate {
  left: number;
  right: number;
  count: number;
  words: readonly number[];
}

/** Candidates by count, most first, then by the pair's ids: a binary heap. */
export class MergeQueue {
  private readonly heap: MergeCandidate[] = [];

  push(candidate: MergeCandidate): void {
    const { heap } = this;
    let i = heap.length;
    heap.push(candidate);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(candidate, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = candidate;
  }

  pop(): MergeCandidate | undefined {
    const { heap } = this;
    const top = heap[0];
    const candidate = heap.pop();
    const n = heap.length;
    if (n === 0 || candidate === undefined) return top;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= n) break;
      if (child + 1 < n && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, candidate)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = candidate;
    return top;
  }
}

function before(a: MergeCandidate, b: MergeCandidate): boolean {
  if (a.count !== b.count) return a.count > b.count;
  return a.left !== b.left ? a.left < b.left : a.right < b.right;
}
