import { ConfigError } from '../errors';

/** Throws unless `probability` is from 0 to 1. */
export function assertProbability(probability: number, where: string): void {
  if (!(probability >= 0 && probability <= 1)) {
    throw new ConfigError(`${where}: probability: expected a number from 0 to 1, received ${probability}.`);
  }
}
