import { Module } from '@crossmodal/core';

/** A module for each modality, named after it in checkpoints: `projections.text.weight`. */
export class PerModality<T extends Module> extends Module {
  private readonly modules: ReadonlyMap<string, T>;

  constructor(names: readonly string[], create: (name: string) => T) {
    super();
    this.modules = new Map(names.map((name) => [name, create(name)]));
  }

  /** That of a modality. */
  of(name: string): T {
    return this.modules.get(name)!;
  }

  protected override children(): Iterable<[string, T]> {
    return this.modules;
  }
}
