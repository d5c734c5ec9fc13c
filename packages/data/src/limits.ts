import { ConfigError } from '@crossmodal/core';
import { isCount } from './sample-stream-checks';

/** How much a stranger's file may take; what is beyond is left out before memory is taken for it. */
export interface Limits {
  /** Bytes of an encoded image. Default 64 MiB. */
  maxImageBytes?: number;
  /** Bytes of a text, of a sample's JSON, or of a line of a table. Default 1 MiB. */
  maxTextBytes?: number;
  /** Files of a sample, or columns of a table. Default 1,000. */
  maxFields?: number;
  /** Bytes of a shard when unpacked; of a row group in Parquet, at most 2 GiB. Default 64 GiB. */
  maxShardBytes?: number;
}

const defaults: Required<Limits> = {
  maxImageBytes: 64 * 2 ** 20,
  maxTextBytes: 2 ** 20,
  maxFields: 1000,
  maxShardBytes: 64 * 2 ** 30,
};

/** Fills in defaults. `where` begins an error's text. */
export function withLimits(given: Limits, where: string): Required<Limits> {
  const limits = { ...defaults };
  for (const name of Object.keys(defaults) as (keyof Limits)[]) {
    const value = given[name];
    if (value === undefined) continue;
    if (!isCount(value, 1))
      throw new ConfigError(`${where}: ${name}: expected an integer from 1, received ${value}.`);
    limits[name] = value;
  }
  return limits;
}
