/** A function's value and gradient at a point. */
export interface Evaluation {
  value: number;
  gradient: Float64Array;
}

export interface LBFGSOptions {
  maxIterations: number;
  /** Ends where no component of the gradient is greater. */
  tolerance: number;
}

/** Pairs of steps and changes of the gradient that are remembered. */
const MEMORY = 10;

/**
 * The point where a smooth convex function is least, from `start` on: quasi-Newton steps of limited memory,
 * shortened until the value falls. Ends too where rounding leaves nothing to gain. Nocedal and Wright 2006,
 * algorithms 7.4 and 3.1.
 */
export async function minimizeLBFGS(
  evaluate: (x: Float64Array) => Promise<Evaluation>,
  start: Float64Array,
  { maxIterations, tolerance }: LBFGSOptions,
): Promise<Float64Array> {
  const pairs: { s: Float64Array; y: Float64Array; rho: number }[] = [];
  let x = start;
  let at = await evaluate(x);
  for (let i = 0; i < maxIterations; i++) {
    if (at.gradient.every((g) => Math.abs(g) <= tolerance)) break;
    const direction = descent(at.gradient, pairs);
    const slope = dot(direction, at.gradient);
    let step = pairs.length === 0 ? Math.min(1, 1 / Math.sqrt(dot(direction, direction))) : 1;
    let next: Float64Array;
    let there: Evaluation;
    for (;;) {
      next = x.map((value, j) => value + step * direction[j]!);
      there = await evaluate(next);
      if (there.value <= at.value + 1e-4 * step * slope) break;
      step /= 2;
      if (step < 1e-6) return x;
    }
    const s = next.map((value, j) => value - x[j]!);
    const y = there.gradient.map((value, j) => value - at.gradient[j]!);
    const curvature = dot(s, y);
    if (curvature > 1e-12 * dot(y, y)) pairs.push({ s, y, rho: 1 / curvature });
    if (pairs.length > MEMORY) pairs.shift();
    [x, at] = [next, there];
  }
  return x;
}

/** Minus the gradient times what the pairs tell of the inverse Hessian. */
function descent(
  gradient: Float64Array,
  pairs: readonly { s: Float64Array; y: Float64Array; rho: number }[],
): Float64Array {
  const q = gradient.map((g) => -g);
  const factors = [...pairs].reverse().map(({ s, y, rho }) => {
    const factor = rho * dot(s, q);
    add(q, y, -factor);
    return factor;
  });
  const last = pairs.at(-1);
  const scale = last ? 1 / (last.rho * dot(last.y, last.y)) : 1;
  for (let i = 0; i < q.length; i++) q[i]! *= scale;
  for (const [i, { s, y, rho }] of pairs.entries())
    add(q, s, factors[pairs.length - 1 - i]! - rho * dot(y, q));
  return q;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function add(to: Float64Array, x: Float64Array, factor: number): void {
  for (let i = 0; i < to.length; i++) to[i]! += factor * x[i]!;
}
