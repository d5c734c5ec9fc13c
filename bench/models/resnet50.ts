import {
  BatchNorm2d,
  Conv2d,
  convNorm,
  globalAveragePool,
  Linear,
  Module,
  ModuleList,
  maxPool2d,
  Rng,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

const EXPANSION = 4;
const without = { bias: false };

/** ResNet-50 with torchvision's names (the stride is in the 3 x 3 convolution). He et al. 2015, table 1. */
export class ResNet50 extends Module {
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly layer1: ModuleList<Bottleneck>;
  readonly layer2: ModuleList<Bottleneck>;
  readonly layer3: ModuleList<Bottleneck>;
  readonly layer4: ModuleList<Bottleneck>;
  readonly fc: Linear;

  constructor(rng = new Rng(0)) {
    super();
    this.conv1 = new Conv2d(3, 64, { kernelSize: 7, stride: 2, padding: 3, rng, ...without });
    this.bn1 = new BatchNorm2d(64);
    this.layer1 = stage(64, 64, 3, 1, rng);
    this.layer2 = stage(256, 128, 4, 2, rng);
    this.layer3 = stage(512, 256, 6, 2, rng);
    this.layer4 = stage(1024, 512, 3, 2, rng);
    this.fc = new Linear(2048, 1000, { rng });
  }

  /** float32 [batch, height, width, 3] to logits [batch, 1000]. */
  forward(x: tf.Tensor4D): tf.Tensor2D {
    return tf.tidy(() => {
      const stem = convNorm(x, this.conv1, this.bn1, {}, { activation: 'relu' });
      let y = maxPool2d(stem, { kernelSize: 3, stride: 2, padding: 1 });
      stem.dispose();
      for (const blocks of [this.layer1, this.layer2, this.layer3, this.layer4]) {
        for (const block of blocks) {
          const next = block.forward(y);
          y.dispose();
          y = next;
        }
      }
      return this.fc.forward(globalAveragePool(y)) as tf.Tensor2D;
    });
  }
}

function stage(inChannels: number, width: number, blocks: number, stride: number, rng: Rng) {
  const at = (i: number) =>
    i === 0
      ? new Bottleneck(inChannels, width, stride, rng)
      : new Bottleneck(width * EXPANSION, width, 1, rng);
  return new ModuleList(Array.from({ length: blocks }, (_, i) => at(i)));
}

class Bottleneck extends Module {
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly conv3: Conv2d;
  readonly bn3: BatchNorm2d;
  readonly downsample: Downsample | undefined;

  constructor(inChannels: number, width: number, stride: number, rng: Rng) {
    super();
    const out = width * EXPANSION;
    this.conv1 = new Conv2d(inChannels, width, { kernelSize: 1, rng, ...without });
    this.bn1 = new BatchNorm2d(width);
    this.conv2 = new Conv2d(width, width, { kernelSize: 3, stride, padding: 1, rng, ...without });
    this.bn2 = new BatchNorm2d(width);
    this.conv3 = new Conv2d(width, out, { kernelSize: 1, rng, ...without });
    this.bn3 = new BatchNorm2d(out);
    const changes = stride !== 1 || inChannels !== out;
    this.downsample = changes ? new Downsample(inChannels, out, stride, rng) : undefined;
  }

  forward(x: tf.Tensor4D): tf.Tensor4D {
    return tf.tidy(() => {
      const residual = this.downsample ? this.downsample.forward(x) : x;
      const narrow = convNorm(x, this.conv1, this.bn1, {}, { activation: 'relu' });
      const inner = convNorm(narrow, this.conv2, this.bn2, {}, { activation: 'relu' });
      narrow.dispose();
      return convNorm(inner, this.conv3, this.bn3, {}, { activation: 'relu', residual });
    });
  }
}

class Downsample extends Module {
  static override readonly checkpointKeys = { conv: '0', norm: '1' };
  readonly conv: Conv2d;
  readonly norm: BatchNorm2d;

  constructor(inChannels: number, out: number, stride: number, rng: Rng) {
    super();
    this.conv = new Conv2d(inChannels, out, { kernelSize: 1, stride, rng, ...without });
    this.norm = new BatchNorm2d(out);
  }

  forward(x: tf.Tensor4D): tf.Tensor4D {
    return convNorm(x, this.conv, this.norm);
  }
}
