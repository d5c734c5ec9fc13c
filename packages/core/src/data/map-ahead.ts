/**
 * `f` of every item, in order, with up to `ahead` results under way beyond the one in use.
 *
 * @example
 * for await (const image of mapAhead(paths, (path) => decodeImage(path), 8)) show(image);
 *
 * @param discard Is given the results that nobody takes, when the consumer stops early or an item fails.
 */
export async function* mapAhead<T, U>(
  items: Iterable<T> | AsyncIterable<T>,
  f: (item: T) => U | Promise<U>,
  ahead: number,
  discard: (result: U) => void = () => {},
): AsyncGenerator<U, void, undefined> {
  const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  const queue: Promise<{ result: U } | undefined>[] = [];
  const start = async () => {
    const item = await iterator.next();
    return item.done ? undefined : { result: await f(item.value) };
  };
  try {
    for (;;) {
      while (queue.length <= ahead) {
        const promise = start();
        promise.catch(() => {}); // is reported when its turn comes
        queue.push(promise);
      }
      const first = await queue.shift();
      if (!first) return;
      yield first.result;
    }
  } finally {
    for (const settled of await Promise.allSettled(queue)) {
      if (settled.status === 'fulfilled' && settled.value) discard(settled.value.result);
    }
    await iterator.return?.();
  }
}
