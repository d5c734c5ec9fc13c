import { numberedLabels } from '../shared/labels';
import type { CLIPResNetConfig } from './clip-resnet-config';
import type { ResNetConfig } from './resnet-config';

/** Facts about a published ResNet. */
export interface ResNetPreset {
  /** The repository on the Hugging Face hub. */
  hubName: string;
  /** Sizes; `new ResNetForImageClassification({ ...preset.config, rng })` makes one with random weights. */
  config: ResNetConfig;
  /** Values in all parameters, the classifier's included. */
  parameterCount: number;
  /** Licence of the weights, as their publisher states it. */
  licence: string;
}

const config = (
  layerType: ResNetConfig['layerType'],
  depths: readonly number[],
  hiddenSizes: readonly number[],
): ResNetConfig => ({
  numChannels: 3,
  embeddingSize: 64,
  hiddenSizes,
  depths,
  layerType,
  hiddenAct: 'relu',
  downsampleInFirstStage: false,
  downsampleInBottleneck: false,
  id2label: numberedLabels(1000),
});

const narrow = [64, 128, 256, 512];
const wide = [256, 512, 1024, 2048];
const licence = 'Apache-2.0';

/** ResNet-18. He et al. 2015, table 1, as the others. */
export const resNet18: ResNetPreset = {
  hubName: 'microsoft/resnet-18',
  config: config('basic', [2, 2, 2, 2], narrow),
  parameterCount: 11_689_512,
  licence,
};

/** ResNet-34. */
export const resNet34: ResNetPreset = {
  hubName: 'microsoft/resnet-34',
  config: config('basic', [3, 4, 6, 3], narrow),
  parameterCount: 21_797_672,
  licence,
};

/** ResNet-50, with the stride in the 3 x 3 convolution. */
export const resNet50: ResNetPreset = {
  hubName: 'microsoft/resnet-50',
  config: config('bottleneck', [3, 4, 6, 3], wide),
  parameterCount: 25_557_032,
  licence,
};

/** ResNet-101, with the stride in the 3 x 3 convolution. */
export const resNet101: ResNetPreset = {
  hubName: 'microsoft/resnet-101',
  config: config('bottleneck', [3, 4, 23, 3], wide),
  parameterCount: 44_549_160,
  licence,
};

/** Facts about the image tower of a published CLIP. */
export interface CLIPResNetPreset {
  /** The name that open_clip has for the whole model; OpenAI's weights are its `openai`. */
  openCLIPName: string;
  /** Sizes; `new CLIPResNet({ ...preset.config, rng })` makes one with random weights. */
  config: CLIPResNetConfig;
  /** Values in all parameters of the tower. */
  parameterCount: number;
  /** Licence of OpenAI's weights, as their publisher states it. */
  licence: string;
}

const openAI = 'MIT for the repository that published them (github.com/openai/CLIP)';

/** The image tower of CLIP RN50. Radford et al. 2021, table 19, as the others. */
export const clipRN50: CLIPResNetPreset = {
  openCLIPName: 'RN50',
  config: { layers: [3, 4, 6, 3], width: 64, headWidth: 64, imageSize: 224, embedDim: 1024 },
  parameterCount: 38_316_896,
  licence: openAI,
};

/** The image tower of CLIP RN101. */
export const clipRN101: CLIPResNetPreset = {
  openCLIPName: 'RN101',
  config: { layers: [3, 4, 23, 3], width: 64, headWidth: 64, imageSize: 224, embedDim: 512 },
  parameterCount: 56_259_936,
  licence: openAI,
};

/** The image tower of CLIP RN50x4. */
export const clipRN50x4: CLIPResNetPreset = {
  openCLIPName: 'RN50x4',
  config: { layers: [4, 6, 10, 6], width: 80, headWidth: 64, imageSize: 288, embedDim: 640 },
  parameterCount: 87_137_080,
  licence: openAI,
};
