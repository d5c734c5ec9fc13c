/**
 * Results of `f`, in order, `ahead` of which are under way at a time: a few pictures are decoded while others are computed,
 * never all.
 */
export async function* mapAhead<In, Out>(
  items: Iterable<In>,
  ahead: number,
  f: (item: In) => Promise<Out>,
): AsyncGenerator<Out, void, undefined> {
  const running: Promise<Out>[] = [];
  for (const item of items) {
    const result = f(item);
    result.catch(() => {}); // it is told when its turn comes
    running.push(result);
    if (running.length >= ahead) yield await running.shift()!;
  }
  while (running.length > 0) yield await running.shift()!;
}
