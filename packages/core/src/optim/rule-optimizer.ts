import * as tf from '@tensorflow/tfjs-core';
import { assertShape, formatShape } from '../assert-shape';
import { CheckpointError, ConfigError } from '../errors';
import type { HostTensor, StateDict } from '../host-tensor';
import { hostTensorFromValues, hostTensorValues } from '../host-values';
import { Module } from '../module';
import { hasFusedKernel } from '../ops/fused-kernels';
import type { Parameter } from '../parameter';
import { checkNumber } from './check-number';
import type { Optimizer, OptimizerStepOptions } from './optimizer';
import { type GroupSettings, groupSettings, type ParameterGroup } from './parameter-groups';
import type { UpdateOutput, UpdateRule } from './update-rule';

/** What an optimizer can train: a module, or parameters by checkpoint key (buffers are left alone). */
export type OptimizerTarget = Module | ReadonlyMap<string, Parameter>;

/** Options of every optimizer. */
export interface OptimizerOptions {
  /** Weight decay; parameters of rank 0 or 1 (biases, norms, scales) are spared unless their group says so. */
  weightDecay?: number;
  /** Settings by pattern on checkpoint keys; the first that matches a parameter counts. */
  groups?: readonly ParameterGroup[];
}

interface Entry extends GroupSettings {
  parameter: Parameter;
  /** Steps that this parameter has had. */
  step: number;
  /** Made at the first step, so that a parameter that is never trained costs nothing. */
  state: Map<string, tf.Variable> | undefined;
}

/** Applies an {@link UpdateRule} to parameters: groups, state, checkpoints. AdamW, SGD and the others are one each. */
export abstract class RuleOptimizer implements Optimizer {
  private readonly rule: UpdateRule;
  private readonly entries = new Map<string, Entry>();
  /** Those of whose last step only the device knows whether it was one. */
  private unsure: Entry[] = [];

  protected constructor(
    rule: UpdateRule,
    target: OptimizerTarget,
    { weightDecay = 0, groups = [] }: OptimizerOptions,
  ) {
    this.rule = rule;
    checkNumber(`${rule.name}: weightDecay`, weightDecay, { min: 0 });
    const named = target instanceof Module ? target.namedParameters() : target;
    const parameters = new Map([...named].filter(([, parameter]) => !parameter.buffer));
    for (const [key, settings] of groupSettings(rule.name, parameters, weightDecay, groups)) {
      this.entries.set(key, { ...settings, parameter: parameters.get(key)!, step: 0, state: undefined });
    }
  }

  /** Whether the engine updates all parameters at once, and looks at a scalar `gradientScale` itself. */
  get scalesOnDevice(): boolean {
    return this.rule.group !== undefined && hasFusedKernel(this.rule.group.kernel);
  }

  /**
   * One update of every trainable parameter that has a gradient; none where a scalar `gradientScale` is not finite.
   *
   * @throws ConfigError for a gradient of no known parameter, or a number that is not finite; ShapeError for a
   * gradient of another shape than its parameter. Nothing is changed then.
   */
  step(
    gradients: ReadonlyMap<string, tf.Tensor>,
    { learningRate, gradientScale = 1 }: OptimizerStepOptions,
  ): void {
    const { name, group } = this.rule;
    checkNumber(`${name}.step: learningRate`, learningRate, { min: 0 });
    if (typeof gradientScale === 'number') checkNumber(`${name}.step: gradientScale`, gradientScale);
    else assertShape(gradientScale.shape, [], `${name}.step: gradientScale`);
    const updated: Entry[] = [];
    const given: tf.Tensor[] = [];
    for (const [key, gradient] of gradients) {
      const entry = this.entries.get(key);
      if (!entry) throw new ConfigError(`${name}.step: gradients: there is no parameter ${key}.`);
      assertShape(gradient.shape, entry.parameter.shape, `${name}.step: gradients: ${key}`);
      if (!entry.parameter.trainable) continue;
      updated.push(entry);
      given.push(gradient);
    }
    this.unsure = [];
    const inputOf = (entry: Entry, i: number) => ({
      parameter: entry.parameter.value,
      gradient: given[i]!,
      state: Object.fromEntries(this.ensureState(entry)),
      step: entry.step + 1,
      learningRate: learningRate * entry.learningRateScale,
      weightDecay: entry.weightDecay,
    });
    if (group && this.scalesOnDevice) {
      const outputs = tf.tidy(() => group.update(updated.map(inputOf), gradientScale));
      for (const [i, entry] of updated.entries()) take(entry, outputs[i]!);
      if (typeof gradientScale !== 'number') this.unsure = updated;
      return;
    }
    const scale = typeof gradientScale === 'number' ? gradientScale : gradientScale.dataSync()[0]!;
    if (!Number.isFinite(scale)) return;
    for (const [i, entry] of updated.entries()) {
      const input = { ...inputOf(entry, i), gradientScale: scale };
      const output = tf.tidy(() => this.rule.update(input));
      take(entry, output);
    }
  }

  /** Counts the last step no more, where it had a scalar `gradientScale` that the device alone has seen. */
  uncountStep(): void {
    for (const entry of this.unsure) {
      entry.step--;
      if (entry.step === 0) forget(entry);
    }
    this.unsure = [];
  }

  /**
   * `<key>.<name>` (F32, engine layout) for each tensor of a parameter's state and `<key>.step` (I64), for the
   * parameters that had a step.
   */
  async stateDict(): Promise<StateDict> {
    const dict: StateDict = {};
    for (const [key, { step, state }] of this.entries) {
      if (!state) continue;
      dict[`${key}.step`] = hostTensorFromValues(Int32Array.of(step), [], 'I64');
      for (const [slot, value] of state) {
        dict[`${key}.${slot}`] = hostTensorFromValues(
          (await value.data()) as Float32Array,
          value.shape,
          'F32',
        );
      }
    }
    return dict;
  }

  /**
   * Goes on from a stored state; a parameter that it does not mention starts anew.
   *
   * @throws CheckpointError when a parameter's state is incomplete or of another shape, or belongs to no
   * parameter. Nothing is changed then.
   */
  loadStateDict(dict: StateDict): void {
    const fail = (message: string): never => {
      throw new CheckpointError(`${this.rule.name}.loadStateDict: ${message}`);
    };
    const left = new Set(Object.keys(dict));
    const loaded = new Map<Entry, { step: number; values: Map<string, Float32Array> }>();
    for (const [key, entry] of this.entries) {
      const shapes = Object.entries(this.rule.stateShapes(entry.parameter.shape));
      const keys = [`${key}.step`, ...shapes.map(([slot]) => `${key}.${slot}`)];
      const missing = keys.filter((k) => !left.delete(k));
      if (missing.length === keys.length) continue;
      if (missing.length > 0) fail(`missing: ${missing.join(', ')}. Was it saved by another optimizer?`);
      const read = (k: string, shape: number[]): HostTensor => {
        const host = dict[k]!;
        if (formatShape(host.shape) === formatShape(shape)) return host;
        return fail(`${k}: expected shape ${formatShape(shape)}, received ${formatShape(host.shape)}.`);
      };
      const step = hostTensorValues(read(`${key}.step`, []), 'int32')[0]!;
      if (step < 1) fail(`${key}.step: expected at least 1, received ${step}.`);
      const values = new Map(
        shapes.map(([slot, shape]) => [slot, hostTensorValues(read(`${key}.${slot}`, shape), 'float32')]),
      );
      loaded.set(entry, { step, values });
    }
    if (left.size > 0) {
      const some = [...left].slice(0, 10).join(', ');
      fail(`unexpected (${left.size}): ${some}. Was it saved by another optimizer, or for another model?`);
    }
    this.dispose();
    for (const [entry, { step, values }] of loaded) {
      entry.step = step;
      for (const [slot, variable] of this.ensureState(entry)) {
        const value = tf.tensor(values.get(slot)!, variable.shape);
        variable.assign(value);
        value.dispose();
      }
    }
  }

  /** Releases the state; the parameters are the model's. The optimizer then starts anew. */
  dispose(): void {
    this.unsure = [];
    for (const entry of this.entries.values()) forget(entry);
  }

  private ensureState(entry: Entry): Map<string, tf.Variable> {
    entry.state ??= new Map(
      Object.entries(this.rule.stateShapes(entry.parameter.shape)).map(([slot, shape]) => {
        const zeros = tf.zeros(shape);
        const variable = tf.variable(zeros, false);
        zeros.dispose();
        return [slot, variable];
      }),
    );
    return entry.state;
  }
}

/** Takes over what an update has made. */
function take(entry: Entry, { parameter, state }: UpdateOutput): void {
  entry.step++;
  entry.parameter.assign(parameter);
  for (const [slot, value] of Object.entries(state)) {
    entry.state!.get(slot)!.assign(value);
    value.dispose();
  }
}

/** Makes it one that has had no step. */
function forget(entry: Entry): void {
  for (const variable of entry.state?.values() ?? []) variable.dispose();
  entry.state = undefined;
  entry.step = 0;
}
