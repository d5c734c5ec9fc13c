import { languageModel } from './language-model';
import type { ModelCase } from './model-case';
import { quantizedAutoencoder } from './quantized-autoencoder';
import { tinyCLIP } from './tiny-clip';

export const models: ModelCase[] = [tinyCLIP, quantizedAutoencoder, languageModel];
