import './gradients';

// modules

export { assertShape, formatShape } from './assert-shape';
export {
  BackendError,
  CheckpointError,
  ConfigError,
  CrossmodalError,
  DataError,
  isCrossmodalError,
  ShapeError,
  TrainingError,
} from './errors';
export { formatTable } from './format-table';
export type { ForwardContext } from './forward-context';
export { requireRng } from './forward-context';
export { type CheckpointKeys, type LoadReport, Module, parameterPattern } from './module';
export { ModuleList } from './module-list';
export { Parameter, type ParameterLayout, type ParameterOptions } from './parameter';
export {
  type KernelProfile,
  OUTSIDE_KERNELS,
  type Profile,
  type ProfileOptions,
  profile,
} from './profile/profile';
export { Rng, type RngState } from './rng';
export { snakeCase } from './snake-case';
export { type ValueAndGradients, valueAndGrad } from './value-and-grad';
export { ZeroRng } from './zero-rng';

// adapters

export { type AddLoRAOptions, addLoRA } from './adapters/add-lora';
export type { LoRA, LoRALayer, LoRASettings } from './adapters/lora';
export {
  type LoadLoRAOptions,
  type LoRAConfig,
  loadLoRA,
  loraConfig,
  loraStateDict,
} from './adapters/lora-files';
export { mergeLoRA, unmergeLoRA } from './adapters/merge-lora';
export { removeLoRA } from './adapters/remove-lora';
export { setAdapter } from './adapters/set-adapter';

// ops

export { type AttentionOptions, attention, attentionWeights } from './ops/attention';
export { type ChannelNormOutput, type ChannelNormSettings, channelNorm } from './ops/channel-norm';
export { checkpointed } from './ops/checkpointed';
export { type ConvTranspose2dOptions, convTranspose2d } from './ops/conv-transpose2d';
export { type Conv2dOptions, conv2d, type Padding } from './ops/conv2d';
export { customOp, type InputGradients } from './ops/custom-op';
export { depthwiseConv2d } from './ops/depthwise-conv2d';
export { dropout, dropPath } from './ops/dropout';
export { type EmbeddingOptions, embedding } from './ops/embedding';
export {
  type FusedKernelName,
  hasFusedKernel,
  MASKED,
  runFusedKernel,
  withoutFusedKernels,
} from './ops/fused-kernels';
export { type GeluVariant, gelu } from './ops/gelu';
export { groupNorm } from './ops/group-norm';
export { joinHeads, splitHeads } from './ops/heads';
export { l2Normalize } from './ops/l2-normalize';
export { layerNorm } from './ops/layer-norm';
export { linear } from './ops/linear';
export { logSumExp } from './ops/log-sum-exp';
export { type LSTMOptions, type LSTMStates, lstm } from './ops/lstm';
export { averagePool2d, globalAveragePool, maxPool2d, type PoolOptions } from './ops/pooling';
export { relu } from './ops/relu';
export { residualAdd } from './ops/residual-add';
export { rmsNorm } from './ops/rms-norm';
export { type RotaryTables, rotaryEmbedding, rotaryTables } from './ops/rotary-embedding';
export { inHostMemory } from './ops/rows';
export { segmentSum } from './ops/segment-sum';
export { silu } from './ops/silu';
export { type SoftmaxCrossEntropyOptions, softmaxCrossEntropy } from './ops/softmax-cross-entropy';
export { type SqueezeExciteWeights, squeezeExcite } from './ops/squeeze-excite';
export { stopGradient, withoutGradient } from './ops/without-gradient';

// layers

export { type Activation, activate } from './layers/activation';
export { BatchNorm2d, type BatchNorm2dOptions } from './layers/batch-norm2d';
export { cachedAttention } from './layers/cached-attention';
export { type ConvNormOptions, convNorm } from './layers/conv-norm';
export { ConvTranspose2d, type ConvTranspose2dConfig } from './layers/conv-transpose2d';
export { Conv2d, type Conv2dConfig } from './layers/conv2d';
export { DepthwiseConv2d } from './layers/depthwise-conv2d';
export { Dropout, DropPath } from './layers/dropout';
export { Embedding, type EmbeddingLayerOptions } from './layers/embedding';
export { GatedMLP } from './layers/gated-mlp';
export { GroupNorm } from './layers/group-norm';
export {
  GroupedQueryAttention,
  type GroupedQueryAttentionConfig,
  type GroupedQueryAttentionInputs,
} from './layers/grouped-query-attention';
export {
  type FanOptions,
  fans,
  type KaimingOptions,
  kaimingNormal,
  kaimingUniform,
  type Nonlinearity,
  nonlinearityGain,
  normal,
  truncatedNormal,
  uniform,
  xavierNormal,
  xavierUniform,
} from './layers/initializers';
export { KeyValueCache } from './layers/key-value-cache';
export { LayerNorm } from './layers/layer-norm';
export { LayerScale } from './layers/layer-scale';
export { Linear, type LinearOptions } from './layers/linear';
export { LSTM, type LSTMConfig, type LSTMOutput } from './layers/lstm';
export { MLP, type MLPConfig } from './layers/mlp';
export {
  type AttentionInputs,
  MultiHeadAttention,
  type MultiHeadAttentionConfig,
} from './layers/multi-head-attention';
export { ResidualBlock, type ResidualBlockOptions } from './layers/residual-block';
export { RMSNorm } from './layers/rms-norm';
export { runInOrder } from './layers/run-in-order';
export { TransformerBlock, type TransformerBlockConfig } from './layers/transformer-block';

// optimizers

export { Adafactor, type AdafactorOptions } from './optim/adafactor';
export { Adam, type AdamOptions } from './optim/adam';
export { AdamW, type AdamWOptions } from './optim/adamw';
export { clipScale } from './optim/clip-scale';
export { type ClippedScale, type ClippedScaleOptions, clippedScale } from './optim/clipped-scale';
export { globalNorm } from './optim/global-norm';
export {
  type LayerwiseDecayOptions,
  layerwiseLearningRateDecay,
} from './optim/layerwise-learning-rate-decay';
export { Lion, type LionOptions } from './optim/lion';
export type { Optimizer, OptimizerStepOptions } from './optim/optimizer';
export type { ParameterGroup } from './optim/parameter-groups';
export type { OptimizerOptions, OptimizerTarget } from './optim/rule-optimizer';
export {
  type ConstantCooldownScheduleOptions,
  constantCooldownSchedule,
} from './optim/schedules/constant-cooldown-schedule';
export { constantSchedule } from './optim/schedules/constant-schedule';
export {
  type CosineRestartsScheduleOptions,
  cosineRestartsSchedule,
} from './optim/schedules/cosine-restarts-schedule';
export { type CosineScheduleOptions, cosineSchedule } from './optim/schedules/cosine-schedule';
export {
  type InverseSqrtScheduleOptions,
  inverseSqrtSchedule,
} from './optim/schedules/inverse-sqrt-schedule';
export { type LinearScheduleOptions, linearSchedule } from './optim/schedules/linear-schedule';
export type { Schedule } from './optim/schedules/schedule';
export { sequenceSchedules } from './optim/schedules/sequence-schedules';
export { withWarmup } from './optim/schedules/with-warmup';
export { SGD, type SGDOptions } from './optim/sgd';
export { WeightAverage, type WeightAverageOptions } from './optim/weight-average';

// data

export { concatDatasets } from './data/concat-datasets';
export { DataLoader, type DataLoaderOptions, type DataLoaderState } from './data/data-loader';
export { arrayDataset, type Dataset, type SampleContext } from './data/dataset';
export { mapAhead } from './data/map-ahead';
export { mapDataset } from './data/map-dataset';
export { splitDataset } from './data/split-dataset';
export { takeDataset } from './data/take-dataset';

// checkpoints

export { type ByteSource, blobSource, bytesSource } from './checkpoint/byte-source';
export type { Checkpoint, CheckpointStore } from './checkpoint/checkpoint-store';
export { loadLatestCheckpoint } from './checkpoint/load-latest-checkpoint';
export { MemoryCheckpointStore } from './checkpoint/memory-checkpoint-store';
export { openSafetensors, type TensorReader, tensorReader } from './checkpoint/open-safetensors';
export { OPFSCheckpointStore } from './checkpoint/opfs-checkpoint-store';
export {
  parseSafetensors,
  type Safetensors,
  safetensorsChunks,
  serializeSafetensors,
} from './checkpoint/safetensors';
export {
  openShardedSafetensors,
  type SafetensorsIndex,
  type ShardedStateDict,
  shardStateDict,
} from './checkpoint/sharded-safetensors';
export type { HostDType, HostTensor, StateDict } from './host-tensor';
export { BYTES_PER_ELEMENT, castStateDict, hostTensorFromValues, hostTensorValues } from './host-values';

// training

export { BufferSnapshot } from './train/buffer-snapshot';
export type { CheckpointOptions } from './train/checkpoint-keeper';
export { checkpointedBlock } from './train/checkpointed-block';
export type {
  GradientFunction,
  GradientResult,
  LossFunction,
  LossResult,
} from './train/loss-function';
export { type ProgressLoggerOptions, type ProgressStream, progressLogger } from './train/progress-logger';
export { Trainer } from './train/trainer';
export type { FitOptions, FitResult, TrainerOptions, TrainingData } from './train/trainer-options';
export type { TrainerState } from './train/trainer-state';
export type { Logger, StepResult, TrainingEvent } from './train/training-event';
export { yieldToEventLoop } from './train/yield-to-event-loop';

// metrics

export { accuracy } from './metrics/accuracy';
export { type ClassMetrics, classMetrics } from './metrics/class-metrics';
export { confusionMatrix } from './metrics/confusion-matrix';
export { type F1Options, f1Score } from './metrics/f1-score';
export { meanAbsoluteError } from './metrics/mean-absolute-error';
export { pearsonCorrelation } from './metrics/pearson-correlation';
export {
  type FeatureMatrix,
  type RetrievalMetrics,
  type RetrievalOptions,
  retrievalMetrics,
} from './metrics/retrieval-metrics';
export { topKAccuracy } from './metrics/top-k-accuracy';

// backends

export { computesInF16, type Precision, withPrecision } from './precision';
export { type BackendChoice, type DeviceInfo, useBackend } from './use-backend';
