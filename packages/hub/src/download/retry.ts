/** How a failing network is met. */
export interface NetworkPatience {
  /** Attempts in a row that bring nothing. Default 5. */
  attempts: number;
  /** Pause before the second attempt; it doubles from one to the next. Default 1000. */
  delayMs: number;
  /** A connection that gives nothing for so long is given up. Default 60000. */
  stallMs: number;
}

export const PATIENCE: NetworkPatience = { attempts: 5, delayMs: 1000, stallMs: 60_000 };

const LONGEST_PAUSE_MS = 60_000;
/** Servers that ask for more are not waited for. */
const LONGEST_WAIT_MS = 300_000;

/** A failure that another attempt may not meet. */
export class TransientError extends Error {
  /** What to throw when no attempt is left. */
  readonly final: Error;
  /** How long the server asks to be left alone. */
  readonly retryAfterMs: number | undefined;

  constructor(final: Error, retryAfterMs?: number) {
    super(final.message, { cause: final });
    this.final = final;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Calls `attempt` until it fails with something that is no {@link TransientError}, or too often in a row. */
export async function withRetries<T>(
  attempt: (progressed: () => void) => Promise<T>,
  { attempts, delayMs }: NetworkPatience,
  signal?: AbortSignal,
): Promise<T> {
  let failed = 0;
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await attempt(() => {
        failed = 0;
      });
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof TransientError)) throw error;
      failed++;
      const { final, retryAfterMs } = error;
      if (failed >= attempts || (retryAfterMs ?? 0) > LONGEST_WAIT_MS) throw final;
      await pause(retryAfterMs ?? Math.min(LONGEST_PAUSE_MS, delayMs * 2 ** (failed - 1)), signal);
    }
  }
}

/** Waits; an abort ends it with the signal's reason. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

/** What a `Retry-After` header asks for, in milliseconds. */
export function retryAfter(header: string | null, now = Date.now()): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
