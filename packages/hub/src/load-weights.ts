import type { LoadReport, Module, TensorReader } from '@crossmodal/core';
import { renameTensors } from './rename-tensors';

export interface LoadWeightsOptions {
  /**
   * What the keys of a model with a head, or of two towers, begin with, and those of the model alone do not (`bert`;
   * of several, the one that occurs): files of either kind load into modules of either kind.
   */
  prefix?: string | readonly string[] | undefined;
  /** Keys of the file that do not bear on the module. */
  ignore?: readonly RegExp[] | undefined;
  /** Whether every key has to find its parameter, and the reverse. Default true. */
  strict?: boolean | undefined;
}

/** What {@link loadWeights} found. */
export interface WeightsReport extends LoadReport {
  /** Keys of the file that were passed over: heads, positions counted from 0. */
  ignored: string[];
}

/** Positions 0, 1, 2, ... in old files; masks that are computed. */
const NO_WEIGHTS = /(^|\.)(position_ids|token_type_ids|attn_mask)$/;

/**
 * Loads a published file of weights into a module: {@link Module.loadTensors} after what their files share is put
 * right. Positions are passed over, a prefix or a head that the module lacks too, and TensorFlow's names for norms
 * (`LayerNorm.gamma`) are read.
 *
 * @throws CheckpointError when keys are missing or unexpected (unless `strict` is false) or shapes differ.
 * @example
 * await loadWeights(bert, await openWeights(await openPretrained('bert-base-chinese')), { prefix: 'bert' });
 */
export async function loadWeights(
  module: Module,
  reader: TensorReader,
  { prefix, ignore = [], strict = true }: LoadWeightsOptions = {},
): Promise<WeightsReport> {
  const ignored: string[] = [];
  const ofModule = prefixRule(prefix, [...module.namedParameters().keys()], reader.keys());
  const renamed = renameTensors(reader, (key) => {
    const ignores = NO_WEIGHTS.test(key) || ignore.some((test) => test.test(key));
    const name = ignores ? undefined : ofModule(key);
    if (name === undefined) ignored.push(key);
    return name
      ?.replace(/LayerNorm\.gamma$/, 'LayerNorm.weight')
      .replace(/LayerNorm\.beta$/, 'LayerNorm.bias');
  });
  const report = await module.loadTensors(renamed, { strict });
  return { ...report, ignored };
}

/** From a key of the file to one of the module; undefined for a head that the module lacks. */
function prefixRule(
  prefixes: string | readonly string[] = [],
  ofModule: readonly string[],
  ofFile: readonly string[],
): (key: string) => string | undefined {
  const starts = [prefixes].flat().map((prefix) => `${prefix}.`);
  const start = starts.find((start) => [...ofFile, ...ofModule].some((key) => key.startsWith(start)));
  if (start === undefined) return (key) => key;
  const inFile = ofFile.some((key) => key.startsWith(start));
  const inModule = ofModule.some((key) => key.startsWith(start));
  if (inFile === inModule) return (key) => key;
  if (inFile) return (key) => (key.startsWith(start) ? key.slice(start.length) : undefined);
  const heads = new Set(ofModule.filter((key) => !key.startsWith(start)));
  return (key) => (heads.has(key) ? key : start + key);
}
