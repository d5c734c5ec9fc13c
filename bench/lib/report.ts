import type { Measured } from './peer';

export interface BenchResult {
  name: string;
  /** Time (or whatever is better when less), in `unit`. */
  ours: number;
  /** Undefined where the peer is not installed. */
  peer: number | undefined;
  unit: string;
  /** Peak memory in MB. */
  memory?: { ours: number; peer: number | undefined } | undefined;
}

/** The last line of a bench: `ratio` is ours / peer in time, below 1 is faster. */
export function report({ name, ours, peer, unit, memory }: BenchResult): void {
  const round = (x: number | undefined) => (x === undefined ? null : Number(x.toPrecision(4)));
  const ratio = (x: number, y: number | undefined) => round(y && x / y);
  console.log(
    JSON.stringify({
      name,
      ours: round(ours),
      peer: round(peer),
      unit,
      ratio: ratio(ours, peer),
      peakMemoryRatio: memory ? ratio(memory.ours, memory.peer) : null,
    }),
  );
}

/** {@link report} of two contenders' `key` and `megabytes`, as {@link rounds} returns them. */
export function reportMeasured(
  name: string,
  key: string,
  unit: string,
  ours: Measured,
  peer: Measured | undefined,
): void {
  const memory = { ours: ours['megabytes']!, peer: peer?.['megabytes'] };
  report({ name, ours: ours[key]!, peer: peer?.[key], unit, memory });
}
