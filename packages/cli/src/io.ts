/** Where a command writes, and what stops it. */
export interface CommandIO {
  /** Results. */
  stdout: { write(text: string): unknown };
  /** Progress and errors. */
  stderr: { write(text: string): unknown; isTTY?: boolean; columns?: number };
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
}

/** Prints a result: as JSON, or as text for people. */
export function print(io: CommandIO, json: boolean | undefined, result: unknown, text: () => string): void {
  io.stdout.write(`${json ? JSON.stringify(result) : text()}\n`);
}

/** A line that counts, on a terminal only: `encoding 64 of 1,000`. The last count takes it away. */
export function counter(io: CommandIO, what: string): (progress: { done: number; total: number }) => void {
  return ({ done, total }) => {
    if (!io.stderr.isTTY) return;
    const line = `${what} ${done.toLocaleString('en')} of ${total.toLocaleString('en')}`;
    io.stderr.write(`\r\x1b[K${done < total ? line : ''}`);
  };
}
