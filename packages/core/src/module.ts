import { formatShape } from './assert-shape';
import type { TensorReader } from './checkpoint/open-safetensors';
import { CheckpointError, ConfigError } from './errors';
import { formatTable } from './format-table';
import type { HostTensor, StateDict } from './host-tensor';
import { Parameter } from './parameter';
import { snakeCase } from './snake-case';

/** What {@link Module.loadStateDict} found. */
export interface LoadReport {
  /** Keys of the module that the state dict lacks. */
  missing: string[];
  /** Keys of the state dict that the module lacks. */
  unexpected: string[];
  /** Keys in both, with shapes that differ (file layout). */
  mismatched: { key: string; expected: number[]; received: number[] }[];
}

/**
 * Keys in files, by the path in snake_case that they stand for, both seen from the module: of a parameter, or of
 * all that begins so. A `*` stands for a number. Of several keys the first is written, and each is read.
 *
 * @example
 * { pre_layernorm: 'pre_layrnorm', 'layers.*.self_attn.q_proj': 'layer.*.attention.attention.query' }
 */
export type CheckpointKeys = Readonly<Record<string, string | readonly string[]>>;

type Child = Module | Parameter;

/**
 * Owns parameters and other modules, as fields set once in the constructor (TypeScript's `private` is fine,
 * `#private` fields are not seen). The path of a field is its checkpoint key: `textModel.layers.0.fc1.weight` is
 * written `text_model.layers.0.fc1.weight`.
 *
 * @example
 * class Probe extends Module {
 *   readonly norm: LayerNorm;
 *   readonly classifier: Linear;
 *   constructor(dim: number, classes: number, rng: Rng) {
 *     super();
 *     this.norm = new LayerNorm(dim);
 *     this.classifier = new Linear(dim, classes, { rng });
 *   }
 *   forward(x: tf.Tensor2D) {
 *     return tf.tidy(() => this.classifier.forward(this.norm.forward(x)));
 *   }
 * }
 */
export abstract class Module {
  /** Where published checkpoints name what is below this module otherwise than its fields are: see {@link CheckpointKeys}. */
  static readonly checkpointKeys: CheckpointKeys = {};

  /** Every parameter and buffer by checkpoint key; one that is shared appears once, under its first key. */
  namedParameters(): Map<string, Parameter> {
    const named = new Map<string, Parameter>();
    for (const [parameter, keys] of this.keysByParameter()) named.set(keys[0]!, parameter);
    return named;
  }

  /** Every parameter that training updates. */
  trainableParameters(): Map<string, Parameter> {
    return new Map([...this.namedParameters()].filter(([, parameter]) => parameter.trainable));
  }

  /**
   * Every parameter and buffer in file layout, by checkpoint key: what a published file of the model holds.
   *
   * @param options.adapters Whether the parameters of adapters ({@link addLoRA}) come with it. Default false.
   */
  async stateDict({ adapters = false }: { adapters?: boolean } = {}): Promise<StateDict> {
    const state: StateDict = {};
    for (const [key, parameter] of this.namedParameters())
      if (adapters || !parameter.adapter) state[key] = await parameter.toHost();
    return state;
  }

  /**
   * Takes the values of `state`. Nothing is changed when it throws.
   *
   * @throws CheckpointError when strict (the default) and keys are missing or unexpected; and when shapes differ.
   */
  loadStateDict(state: StateDict, { strict = true }: { strict?: boolean } = {}): LoadReport {
    const { report, found } = this.match(
      new Map(Object.entries(state)),
      strict,
      'loadStateDict: the state dict',
    );
    for (const [parameter, key] of found) parameter.fromHost(state[key]!);
    return report;
  }

  /**
   * As {@link loadStateDict}, from a file that is read tensor by tensor, so that memory never holds the weights twice.
   * What does not fit changes nothing; a file that cannot be read on leaves what was read before.
   *
   * @example
   * await model.loadTensors(await readSafetensorsFile('model.safetensors'));
   */
  async loadTensors(file: TensorReader, { strict = true }: { strict?: boolean } = {}): Promise<LoadReport> {
    const infos = new Map(file.keys().map((key) => [key, file.info(key)]));
    const { report, found } = this.match(infos, strict, 'loadTensors: the file');
    for (const [parameter, key] of found) parameter.fromHost(await file.tensor(key));
    return report;
  }

  /** Which parameter takes which tensor. */
  private match(
    tensors: ReadonlyMap<string, Pick<HostTensor, 'shape'>>,
    strict: boolean,
    what: string,
  ): { report: LoadReport; found: [Parameter, string][] } {
    const report: LoadReport = { missing: [], unexpected: [], mismatched: [] };
    const known = new Set<string>();
    const found: [Parameter, string][] = [];
    for (const [parameter, keys] of this.keysByParameter()) {
      for (const key of keys) known.add(key);
      const key = keys.find((k) => tensors.has(k));
      if (key === undefined) {
        if (!parameter.optional) report.missing.push(keys[0]!);
        continue;
      }
      const received = [...tensors.get(key)!.shape];
      if (formatShape(received) === formatShape(parameter.fileShape)) found.push([parameter, key]);
      else report.mismatched.push({ key, expected: parameter.fileShape, received });
    }
    report.unexpected = [...tensors.keys()].filter((key) => !known.has(key));
    if (report.mismatched.length > 0 || (strict && report.missing.length + report.unexpected.length > 0)) {
      throw new CheckpointError(`${what} does not fit the module.\n${describe(report)}`);
    }
    return { report, found };
  }

  /** Excludes from training what {@link selectParameters} finds; returns how many parameters that was. */
  freeze(pattern: string | RegExp = '*'): number {
    const selected = this.selectParameters(pattern);
    for (const parameter of selected.values()) parameter.trainable = false;
    return selected.size;
  }

  /** Includes in training what {@link selectParameters} finds (never buffers). */
  unfreeze(pattern: string | RegExp = '*'): number {
    const selected = this.selectParameters(pattern);
    for (const parameter of selected.values()) parameter.trainable = true;
    return selected.size;
  }

  /**
   * Parameters by a pattern on their checkpoint keys: a regular expression, or a path in which `*` stands for
   * any characters; a path also selects all below it (`text_model` selects `text_model.embeddings.weight`).
   *
   * @throws ConfigError when nothing matches.
   */
  selectParameters(pattern: string | RegExp): Map<string, Parameter> {
    const matches = parameterPattern(pattern);
    const named = this.namedParameters();
    const selected = new Map([...named].filter(([key]) => matches(key)));
    if (selected.size === 0) {
      const tops = [...new Set([...named.keys()].map((key) => key.split('.')[0]))];
      throw new ConfigError(
        `selectParameters: nothing matches ${pattern}. At the top there are: ${tops.join(', ')}.`,
      );
    }
    return selected;
  }

  /** Numbers of values: in all trainable parameters, and in all parameters (buffers not counted). */
  parameterCount(): { trainable: number; total: number } {
    let trainable = 0;
    let total = 0;
    for (const parameter of this.namedParameters().values()) {
      if (parameter.buffer) continue;
      total += parameter.size;
      if (parameter.trainable) trainable += parameter.size;
    }
    return { trainable, total };
  }

  /** A table of every parameter: key, shape in files, values, and whether it is trained. */
  summary(): string {
    const rows = [['parameter', 'shape', 'values', 'trained']];
    for (const [key, parameter] of this.namedParameters()) {
      const trained = parameter.buffer ? 'buffer' : parameter.trainable ? 'yes' : 'no';
      rows.push([key, formatShape(parameter.fileShape), parameter.size.toLocaleString('en'), trained]);
    }
    const { trainable, total } = this.parameterCount();
    const totals = `${total.toLocaleString('en')} values, ${trainable.toLocaleString('en')} of them trained`;
    return `${formatTable(rows, [2])}\n${totals}`;
  }

  /** Releases every parameter and buffer. */
  dispose(): void {
    for (const parameter of this.namedParameters().values()) parameter.dispose();
  }

  /** This module and all below it, each once. */
  allModules(): Set<Module> {
    return new Set(this.namedModules().values());
  }

  /** This module, under an empty path, and each below it under the first path that leads to it: `text_model.layers.0`. */
  namedModules(): Map<string, Module> {
    const found = new Map<string, Module>([['', this]]);
    const known = new Set<Module>([this]);
    for (const [name, child] of this.children()) {
      if (!(child instanceof Module)) continue;
      for (const [path, module] of child.namedModules()) {
        if (known.has(module)) continue;
        known.add(module);
        found.set(path === '' ? name : `${name}.${path}`, module);
      }
    }
    return found;
  }

  /** Child modules and parameters, by the snake_case of their fields. */
  protected *children(): Iterable<[string, Child]> {
    for (const [field, value] of Object.entries(this)) {
      if (value instanceof Module || value instanceof Parameter) yield [snakeCase(field), value];
    }
  }

  /** Every parameter with all the keys that it is reached by. */
  private keysByParameter(): Map<Parameter, string[]> {
    const keys = new Map<Parameter, string[]>();
    const rename = keyRenamer((this.constructor as typeof Module).checkpointKeys);
    const note = (parameter: Parameter, path: string) => {
      const known = keys.get(parameter);
      if (known) known.push(...rename(path));
      else keys.set(parameter, rename(path));
    };
    for (const [name, child] of this.children()) {
      if (child instanceof Parameter) note(child, name);
      else {
        for (const [parameter, paths] of child.keysByParameter())
          for (const path of paths) note(parameter, `${name}.${path}`);
      }
    }
    return keys;
  }
}

const renamers = new WeakMap<CheckpointKeys, (path: string) => string[]>();

/** From a path below a module to the keys that stand for it, by the first rule that fits. */
function keyRenamer(rules: CheckpointKeys): (path: string) => string[] {
  const known = renamers.get(rules);
  if (known) return known;
  const tests = Object.entries(rules).map(([path, keys]) => {
    const escaped = path.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '(\\d+)');
    return { start: new RegExp(`^${escaped}(?=\\.|$)`), keys: [keys].flat() };
  });
  const rename = (path: string) => {
    for (const { start, keys } of tests) {
      const match = start.exec(path);
      if (!match) continue;
      const rest = path.slice(match[0].length);
      return keys.map((key) => {
        let group = 1;
        const renamed = key.replace(/\*/g, () => match[group++]!);
        return renamed === '' ? rest.slice(1) : renamed + rest; // '' takes the level away
      });
    }
    return [path];
  };
  renamers.set(rules, rename);
  return rename;
}

/** A test on checkpoint keys, from a pattern as {@link Module.selectParameters} takes it. */
export function parameterPattern(pattern: string | RegExp): (key: string) => boolean {
  if (pattern instanceof RegExp) return (key) => key.search(pattern) >= 0;
  const escaped = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  const whole = new RegExp(`^${escaped}(\\..*)?$`);
  return (key) => whole.test(key);
}

function describe({ missing, unexpected, mismatched }: LoadReport): string {
  const list = (title: string, items: string[]) =>
    items.length === 0
      ? []
      : [`  ${title} (${items.length}): ${items.slice(0, 10).join(', ')}${items.length > 10 ? ', ...' : ''}`];
  return [
    ...list('missing', missing),
    ...list('unexpected', unexpected),
    ...list(
      'of another shape',
      mismatched.map(
        (m) => `${m.key} expected ${formatShape(m.expected)}, received ${formatShape(m.received)}`,
      ),
    ),
  ].join('\n');
}
