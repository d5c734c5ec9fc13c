import { Module } from './module';

/** Modules in order, named by index in checkpoints: `layers.0.…`. Iterable; `at(i)`, `length`. */
export class ModuleList<T extends Module> extends Module implements Iterable<T> {
  private readonly modules: readonly T[];

  constructor(modules: readonly T[]) {
    super();
    this.modules = [...modules];
  }

  get length(): number {
    return this.modules.length;
  }

  at(index: number): T | undefined {
    return this.modules.at(index);
  }

  [Symbol.iterator](): Iterator<T> {
    return this.modules[Symbol.iterator]();
  }

  protected override *children(): Iterable<[string, T]> {
    for (const [index, module] of this.modules.entries()) yield [String(index), module];
  }
}
