/** For each index into an array of shape `outer`, the one into an array of `shape` that is broadcast to it. */
export function broadcastIndices(shape: readonly number[], outer: readonly number[]): number[] {
  let indices = [0];
  const missing = outer.length - shape.length;
  for (const [axis, size] of outer.entries()) {
    const own = axis < missing ? 1 : shape[axis - missing]!;
    const next: number[] = [];
    for (const index of indices) for (let i = 0; i < size; i++) next.push(index * own + (own === 1 ? 0 : i));
    indices = next;
  }
  return indices;
}
