export interface Timing {
  best: number;
  median: number;
}

/** Milliseconds that `f` takes, after `warmUp` runs, over at least `runs` runs and `atLeast` milliseconds. */
export function measure(f: () => void, { warmUp = 2, runs = 5, atLeast = 300 } = {}): Timing {
  for (let i = 0; i < warmUp; i++) f();
  const times: number[] = [];
  const start = performance.now();
  while (times.length < runs || performance.now() - start < atLeast) {
    const before = performance.now();
    f();
    times.push(performance.now() - before);
  }
  return timing(times);
}

/** The same of a function that returns a promise. */
export async function measureAsync(
  f: () => Promise<unknown>,
  { warmUp = 2, runs = 5, atLeast = 300 } = {},
): Promise<Timing> {
  for (let i = 0; i < warmUp; i++) await f();
  const times: number[] = [];
  const start = performance.now();
  while (times.length < runs || performance.now() - start < atLeast) {
    const before = performance.now();
    await f();
    times.push(performance.now() - before);
  }
  return timing(times);
}

function timing(times: number[]): Timing {
  times.sort((a, b) => a - b);
  return { best: times[0]!, median: times[Math.floor(times.length / 2)]! };
}
