/** `f` of every item, in order, with up to `ahead` results under way beyond the one in use. */
export async function* mapAhead<T, U>(
  items: AsyncIterable<T>,
  f: (item: T) => U | Promise<U>,
  ahead: number,
): AsyncGenerator<U, void, undefined> {
  const iterator = items[Symbol.asyncIterator]();
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
    await Promise.allSettled(queue);
    await iterator.return?.();
  }
}
