import * as tf from '@tensorflow/tfjs-core';
import { formatShape } from '../assert-shape';
import { CheckpointError, ConfigError } from '../errors';
import type { StateDict } from '../host-tensor';
import type { Linear } from '../layers/linear';
import type { Module } from '../module';
import { Parameter } from '../parameter';
import { checkLoRASettings, LoRA, type LoRASettings } from './lora';
import { assertCanAdd, linearsByPath, linearsWithAdapter } from './lora-targets';
import { setAdapter } from './set-adapter';

/** Before every key of peft's files. */
const PREFIX = 'base_model.model.';

/** Options of peft that make an adapter something else than LoRA of one rank. */
const UNSUPPORTED = [
  'use_dora',
  'use_qalora',
  'lora_bias',
  'rank_pattern',
  'alpha_pattern',
  'modules_to_save',
  'layer_replication',
  'alora_invocation_tokens',
];

/** What `adapter_config.json` holds of an adapter, under peft's names. */
export interface LoRAConfig {
  peft_type: 'LORA';
  r: number;
  lora_alpha: number;
  lora_dropout: number;
  /** Paths of the layers that have it. */
  target_modules: string[];
  bias: 'none';
  base_model_name_or_path: string | null;
  task_type: string | null;
  inference_mode: boolean;
}

/**
 * An adapter's `adapter_config.json`, as an object.
 *
 * @param name Default `default`.
 * @throws ConfigError when there is no such adapter.
 */
export function loraConfig(module: Module, name = 'default'): LoRAConfig {
  const linears = linearsWithAdapter(module, name, 'loraConfig');
  const { rank, alpha, dropout } = [...linears.values()][0]!.lora!.get(name)!;
  return {
    peft_type: 'LORA',
    r: rank,
    lora_alpha: alpha,
    lora_dropout: dropout,
    target_modules: [...linears.keys()],
    bias: 'none',
    base_model_name_or_path: null,
    task_type: null,
    inference_mode: true,
  };
}

/**
 * An adapter's parameters under peft's keys, `base_model.model.<path>.lora_A.weight` [rank, in] and
 * `….lora_B.weight` [out, rank]: with {@link loraConfig}, what `PeftModel.from_pretrained` takes.
 *
 * @param name Default `default`.
 * @throws ConfigError when there is no such adapter.
 * @example
 * const files = {
 *   'adapter_config.json': JSON.stringify(loraConfig(clip), undefined, 2),
 *   'adapter_model.safetensors': serializeSafetensors(await loraStateDict(clip), { format: 'pt' }),
 * };
 */
export async function loraStateDict(module: Module, name = 'default'): Promise<StateDict> {
  const state: StateDict = {};
  for (const [path, linear] of linearsWithAdapter(module, name, 'loraStateDict')) {
    const { a, b } = linear.lora!.get(name)!;
    state[`${PREFIX}${path}.lora_A.weight`] = await a.toHost();
    state[`${PREFIX}${path}.lora_B.weight`] = await b.toHost();
  }
  return state;
}

export interface LoadLoRAOptions {
  /** `adapter_config.json`, parsed: ours or peft's. */
  config: Readonly<Record<string, unknown>> | LoRAConfig;
  /** The tensors of `adapter_model.safetensors`. */
  state: StateDict;
  /** Default `default`. */
  name?: string;
}

/**
 * Freezes a module and gives it an adapter from files that {@link loraStateDict} or peft wrote, which is active
 * from then on. Nothing is changed when it throws.
 *
 * @throws CheckpointError when the files do not fit the module or each other; ConfigError when the name is taken, an
 * adapter is merged, or the adapter is of a kind that is not LoRA alone (DoRA, biases, ranks that differ).
 * @example
 * const { tensors } = parseSafetensors(await readFile('adapter_model.safetensors'));
 * loadLoRA(clip, { config: JSON.parse(await readFile('adapter_config.json', 'utf8')), state: tensors });
 */
export function loadLoRA(module: Module, { config, state, name = 'default' }: LoadLoRAOptions): void {
  const settings = readConfig(config as Record<string, unknown>);
  assertCanAdd(module, name, 'loadLoRA');
  const layers = matchLayers(linearsByPath(module), state, settings.rank);
  module.freeze();
  for (const [linear, tensors] of layers) {
    const [inSize, outSize] = linear.weight.shape as [number, number];
    const shapes = { a: [inSize, settings.rank], b: [settings.rank, outSize] };
    const parameter = (part: 'a' | 'b') => {
      const loaded = new Parameter(tf.zeros(shapes[part]), { layout: 'linear', adapter: true });
      loaded.fromHost(tensors[part]);
      return loaded;
    };
    linear.lora ??= new LoRA();
    linear.lora.add(name, { ...settings, a: parameter('a'), b: parameter('b') });
  }
  setAdapter(module, name);
}

function readConfig(config: Record<string, unknown>): LoRASettings {
  const { peft_type, r: rank, lora_alpha, lora_dropout: dropout = 0 } = config;
  if (peft_type !== 'LORA')
    throw new ConfigError(`loadLoRA: config: peft_type: expected LORA, received ${peft_type}.`);
  for (const option of UNSUPPORTED) {
    const value = config[option] ?? {};
    if (value === true || Object.keys(value).length > 0)
      throw new ConfigError(`loadLoRA: config: ${option}: ${JSON.stringify(value)} is not supported.`);
  }
  if ((config['bias'] ?? 'none') !== 'none')
    throw new ConfigError(`loadLoRA: config: bias: expected none, received ${config['bias']}.`);
  // rsLoRA scales by alpha / sqrt(r): that is alpha sqrt(r) / r.
  const alpha = Number(lora_alpha) * (config['use_rslora'] === true ? Math.sqrt(Number(rank)) : 1);
  const settings = { rank: Number(rank), alpha, dropout: Number(dropout) };
  checkLoRASettings(settings, 'loadLoRA: config');
  return settings;
}

type LayerTensors = Record<'a' | 'b', StateDict[string]>;

/** Which layer takes which tensors. */
function matchLayers(
  linears: Map<string, Linear>,
  state: StateDict,
  rank: number,
): Map<Linear, LayerTensors> {
  const fail = (message: string): never => {
    throw new CheckpointError(`loadLoRA: state: ${message}`);
  };
  const layers = new Map<Linear, LayerTensors>();
  for (const key of Object.keys(state)) {
    const path = /^base_model\.model\.(.*)\.lora_[AB]\.weight$/.exec(key)?.[1];
    const linear = path === undefined ? undefined : linears.get(path);
    if (path === undefined || !linear) return fail(`unexpected: ${key}. There is no Linear of that path.`);
    const [a, b] = ['A', 'B'].map((part) => `${PREFIX}${path}.lora_${part}.weight`) as [string, string];
    const [inSize, outSize] = linear.weight.shape as [number, number];
    for (const [part, shape] of [
      [a, [rank, inSize]],
      [b, [outSize, rank]],
    ] as const) {
      const tensor = state[part] ?? fail(`missing: ${part}.`);
      if (!tensor.dtype.includes('F')) fail(`${part}: expected floats, received ${tensor.dtype}.`);
      if (formatShape(tensor.shape) !== formatShape(shape))
        fail(`${part}: expected shape ${formatShape(shape)}, received ${formatShape(tensor.shape)}.`);
    }
    layers.set(linear, { a: state[a]!, b: state[b]! });
  }
  return layers.size > 0 ? layers : fail('it is empty.');
}
