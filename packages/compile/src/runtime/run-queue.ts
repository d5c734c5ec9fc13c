/** Does one thing after another, in the order in which they were asked for. */
export class RunQueue {
  private last: Promise<unknown> = Promise.resolve();

  add<T>(job: () => Promise<T>): Promise<T> {
    const done = this.last.then(job);
    this.last = done.catch(() => {});
    return done;
  }
}
