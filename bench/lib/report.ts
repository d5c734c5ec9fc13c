export interface BenchResult {
  name: string;
  /** Time, in `unit`. */
  ours: number;
  peer: number | null;
  unit: string;
  /** Peak memory in MB. */
  memory?: { ours: number; peer: number };
}

/** The last line of a bench: `ratio` is ours / peer in time, below 1 is faster. */
export function report({ name, ours, peer, unit, memory }: BenchResult): void {
  const round = (x: number) => Number(x.toPrecision(4));
  console.log(
    JSON.stringify({
      name,
      ours: round(ours),
      peer: peer === null ? null : round(peer),
      unit,
      ratio: peer === null ? null : round(ours / peer),
      peakMemoryRatio: memory ? round(memory.ours / memory.peer) : null,
    }),
  );
}
