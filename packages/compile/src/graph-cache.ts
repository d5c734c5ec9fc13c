import { ConfigError } from '@crossmodal/core';

interface Entry {
  session: { dispose(): unknown };
}

/** The graphs of a compiled function by signature; the least recently used leaves when there are too many. */
export class GraphCache<E extends Entry> {
  /** Graphs made so far: whoever makes one counts it. */
  compilations = 0;
  private readonly entries = new Map<string, E>();

  /** @throws ConfigError unless `maxSignatures` is an integer from 1; it names `caller`. */
  constructor(
    caller: string,
    private readonly maxSignatures: number,
  ) {
    if (!(Number.isInteger(maxSignatures) && maxSignatures > 0))
      throw new ConfigError(
        `${caller}: maxSignatures: expected an integer from 1, received ${maxSignatures}.`,
      );
  }

  /** The entry of a signature, or a new one. */
  get(signature: string, make: () => E): E {
    const entry = this.entries.get(signature) ?? make();
    this.entries.delete(signature);
    for (const [oldest, { session }] of this.entries) {
      if (this.entries.size < this.maxSignatures) break;
      this.entries.delete(oldest);
      session.dispose();
    }
    this.entries.set(signature, entry);
    return entry;
  }

  /** Forgets all; what releasing each of them gives. */
  clear(): unknown[] {
    const released = [...this.entries.values()].map(({ session }) => session.dispose());
    this.entries.clear();
    return released;
  }

  /** `call` as what users hold: with `dispose`, and the count of its compilations. */
  handle<F extends object, D>(call: F, dispose: D): F & { readonly compilations: number; dispose: D } {
    return Object.defineProperty(Object.assign(call, { dispose }), 'compilations', {
      get: () => this.compilations,
    }) as never;
  }
}
