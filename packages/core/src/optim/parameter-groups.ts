import { ConfigError } from '../errors';
import { parameterPattern } from '../module';
import type { Parameter } from '../parameter';
import { checkNumber } from './check-number';

/** Settings for the parameters whose checkpoint keys match. The first group that matches a parameter counts. */
export interface ParameterGroup {
  /** As `Module.selectParameters` takes it: `'text_model.*.bias'`, `'vision_model'` or a regular expression. */
  match: string | RegExp;
  /** Weight decay of all that match, biases and norms too. Default: the rule of {@link groupSettings}. */
  weightDecay?: number;
  /** Multiplies the learning rate. Default 1. */
  learningRateScale?: number;
}

export interface GroupSettings {
  weightDecay: number;
  learningRateScale: number;
}

/**
 * Settings of every parameter. Where its group gives no weight decay, a parameter of rank 2 or more decays by
 * `weightDecay`, and one of rank 0 or 1 (biases, norms, scales, the logit scale) not at all: open_clip's rule.
 *
 * @throws ConfigError when a group matches no parameter.
 */
export function groupSettings(
  optimizer: string,
  parameters: ReadonlyMap<string, Parameter>,
  weightDecay: number,
  groups: readonly ParameterGroup[],
): Map<string, GroupSettings> {
  const matchers = groups.map((group) => {
    const what = `${optimizer}: groups: ${group.match}`;
    if (group.weightDecay !== undefined) checkNumber(`${what}: weightDecay`, group.weightDecay, { min: 0 });
    if (group.learningRateScale !== undefined)
      checkNumber(`${what}: learningRateScale`, group.learningRateScale, { min: 0 });
    const matches = parameterPattern(group.match);
    if (![...parameters.keys()].some(matches)) {
      const tops = [...new Set([...parameters.keys()].map((key) => key.split('.')[0]))];
      throw new ConfigError(`${what}: matches no parameter. At the top there are: ${tops.join(', ')}.`);
    }
    return { matches, group };
  });
  const settings = new Map<string, GroupSettings>();
  for (const [key, parameter] of parameters) {
    const group = matchers.find(({ matches }) => matches(key))?.group;
    settings.set(key, {
      weightDecay: group?.weightDecay ?? (parameter.shape.length < 2 ? 0 : weightDecay),
      learningRateScale: group?.learningRateScale ?? 1,
    });
  }
  return settings;
}
