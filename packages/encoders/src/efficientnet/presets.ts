import { numberedLabels } from '../shared/labels';
import type { EfficientNetConfig } from './efficientnet-config';

/** Facts about a published EfficientNet. */
export interface EfficientNetPreset {
  /** The repository on the Hugging Face hub. */
  hubName: string;
  /** Sizes; `new EfficientNetForImageClassification({ ...preset.config, rng })` makes one with random weights. */
  config: EfficientNetConfig;
  /** Values in all parameters, the classifier's included. */
  parameterCount: number;
  /** Licence of the weights, as their publisher states it. */
  licence: string;
}

const licence = 'Apache-2.0';
const config = (
  scale: Pick<
    EfficientNetConfig,
    'imageSize' | 'widthCoefficient' | 'depthCoefficient' | 'hiddenDim' | 'dropoutRate' | 'depthwisePadding'
  >,
): EfficientNetConfig => ({
  numChannels: 3,
  depthDivisor: 8,
  kernelSizes: [3, 3, 5, 3, 5, 5, 3],
  inChannels: [32, 16, 24, 40, 80, 112, 192],
  outChannels: [16, 24, 40, 80, 112, 192, 320],
  strides: [1, 2, 2, 2, 1, 2, 1],
  numBlockRepeats: [1, 2, 2, 3, 3, 4, 1],
  expandRatios: [1, 6, 6, 6, 6, 6, 6],
  squeezeExpansionRatio: 0.25,
  hiddenAct: 'swish',
  poolingType: 'mean',
  batchNormEps: 1e-3,
  batchNormMomentum: 0.99,
  dropConnectRate: 0.2,
  id2label: numberedLabels(1000),
  ...scale,
});

/** EfficientNet-B0. Tan and Le 2019, table 2, as the others. */
export const efficientNetB0: EfficientNetPreset = {
  hubName: 'google/efficientnet-b0',
  config: config({
    imageSize: 224,
    widthCoefficient: 1,
    depthCoefficient: 1,
    hiddenDim: 1280,
    dropoutRate: 0.2,
    depthwisePadding: [],
  }),
  parameterCount: 5_288_548,
  licence,
};

/** EfficientNet-B1. */
export const efficientNetB1: EfficientNetPreset = {
  hubName: 'google/efficientnet-b1',
  config: config({
    imageSize: 240,
    widthCoefficient: 1,
    depthCoefficient: 1.1,
    hiddenDim: 1280,
    dropoutRate: 0.2,
    depthwisePadding: [16],
  }),
  parameterCount: 7_794_184,
  licence,
};

/** EfficientNet-B2. */
export const efficientNetB2: EfficientNetPreset = {
  hubName: 'google/efficientnet-b2',
  config: config({
    imageSize: 260,
    widthCoefficient: 1.1,
    depthCoefficient: 1.2,
    hiddenDim: 1408,
    dropoutRate: 0.3,
    depthwisePadding: [5, 8, 16],
  }),
  parameterCount: 9_109_994,
  licence,
};

/** EfficientNet-B3. */
export const efficientNetB3: EfficientNetPreset = {
  hubName: 'google/efficientnet-b3',
  config: config({
    imageSize: 300,
    widthCoefficient: 1.2,
    depthCoefficient: 1.4,
    hiddenDim: 1536,
    dropoutRate: 0.3,
    depthwisePadding: [5, 18],
  }),
  parameterCount: 12_233_232,
  licence,
};

/** EfficientNet-B4. */
export const efficientNetB4: EfficientNetPreset = {
  hubName: 'google/efficientnet-b4',
  config: config({
    imageSize: 380,
    widthCoefficient: 1.4,
    depthCoefficient: 1.8,
    hiddenDim: 1792,
    dropoutRate: 0.4,
    depthwisePadding: [6],
  }),
  parameterCount: 19_341_616,
  licence,
};

/** EfficientNet-B5. */
export const efficientNetB5: EfficientNetPreset = {
  hubName: 'google/efficientnet-b5',
  config: config({
    imageSize: 456,
    widthCoefficient: 1.6,
    depthCoefficient: 2.2,
    hiddenDim: 2048,
    dropoutRate: 0.4,
    depthwisePadding: [13, 27],
  }),
  parameterCount: 30_389_784,
  licence,
};

/** EfficientNet-B6. */
export const efficientNetB6: EfficientNetPreset = {
  hubName: 'google/efficientnet-b6',
  config: config({
    imageSize: 528,
    widthCoefficient: 1.8,
    depthCoefficient: 2.6,
    hiddenDim: 2304,
    dropoutRate: 0.5,
    depthwisePadding: [31],
  }),
  parameterCount: 43_040_704,
  licence,
};

/** EfficientNet-B7. */
export const efficientNetB7: EfficientNetPreset = {
  hubName: 'google/efficientnet-b7',
  config: config({
    imageSize: 600,
    widthCoefficient: 2,
    depthCoefficient: 3.1,
    hiddenDim: 2560,
    dropoutRate: 0.5,
    depthwisePadding: [18],
  }),
  parameterCount: 66_347_960,
  licence,
};
