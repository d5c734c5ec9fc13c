// samples

export type { SentimentInput, SentimentSample } from './sentiment-sample';

// the tutorial model

export type { AnalyzerLossOptions } from './analyzer/analyzer-loss';
export type {
  AudioEncoder,
  AudioEncoderOutput,
  AudioInput,
} from './analyzer/audio-encoder';
export { evaluateSentiment, type SentimentEvaluation } from './analyzer/evaluate-sentiment';
export type { FreezeOptions } from './analyzer/freeze-options';
export type { FusionChoice } from './analyzer/fusion-choice';
export type { LoadAnalyzerOptions } from './analyzer/load-analyzer';
export {
  type EncodedModalities,
  type EncodedModality,
  MultimodalSentimentAnalyzer,
  type MultimodalSentimentAnalyzerOptions,
  type SentimentOutput,
  type SentimentSettings,
} from './analyzer/multimodal-sentiment-analyzer';
export type { PredictOptions, SentimentPrediction } from './analyzer/predict-sentiment';
export { type PrepareMultimodalDataOptions, prepareMultimodalData } from './analyzer/prepare-multimodal-data';
export type { PretrainedAnalyzerOptions, TowerSources } from './analyzer/pretrained-analyzer';
export { type LabelKind, type SentimentBatchesOptions, sentimentBatches } from './analyzer/sentiment-batches';
export type { SentimentBatch, SentimentInputs } from './analyzer/sentiment-inputs';
export type { SentimentProcessors } from './analyzer/sentiment-processors';
export {
  type TrainSentimentOptions,
  type TrainSentimentResult,
  trainSentiment,
} from './analyzer/train-sentiment';

// models on feature sequences

export type {
  FeatureDims,
  FeatureSequenceBatch,
  FeatureSequences,
  Modality,
  ModalityFeatures,
  PerModality,
} from './models/feature-sequences';
export { LMF, type LMFConfig, type LMFOutput } from './models/lmf';
export { MAG, type MAGConfig } from './models/mag';
export {
  MAGBert,
  type MAGBertBatch,
  type MAGBertConfig,
  type MAGBertInput,
  type MAGBertOutput,
  magBertLoss,
} from './models/mag-bert';
export { MISA, type MISAConfig, type MISAOutput, type MISAVectors } from './models/misa';
export {
  centralMomentDiscrepancy,
  type MISALosses,
  type MISALossOptions,
  misaLoss,
  misaLosses,
} from './models/misa-loss';
export { MulT, type MulTConfig, type MulTOutput } from './models/mult';
export {
  SelfMM,
  type SelfMMConfig,
  type SelfMMInput,
  type SelfMMOutput,
  type SelfMMTask,
} from './models/self-mm';
export { type SelfMMBatch, SelfMMTraining, selfMMLoss } from './models/self-mm-loss';
export {
  type FeatureSequenceModel,
  featureSequenceLoss,
  type SentimentLossOptions,
  sentimentLoss,
} from './models/sentiment-loss';
export { TFN, type TFNConfig, type TFNOutput } from './models/tfn';
export { UnimodalLabelGenerator, type UnimodalLabelGeneratorConfig } from './models/unimodal-label-generator';

// metrics

export { type MosiMetrics, mosiMetrics } from './metrics/mosi-metrics';
export { type SentimentClassMetrics, sentimentClassMetrics } from './metrics/sentiment-class-metrics';
export { type SimsMetrics, simsMetrics } from './metrics/sims-metrics';

// data

export { type BalancedSamplingOptions, balancedSampling } from './data/balanced-sampling';
export { type ClassWeightsOptions, classWeights } from './data/class-weights';
export { csvSentiment } from './data/csv-sentiment';
export { describeSentiment, type SentimentDescription } from './data/describe-sentiment';
export { type FeatureBatch, type FeatureBatchInput, featureBatches } from './data/feature-batches';
export { jsonlSentiment } from './data/jsonl-sentiment';
export {
  type FeatureDataset,
  type FeatureSample,
  type FeatureSequence,
  mmsaFeatures,
  type TokenSequence,
} from './data/mmsa-features';
export type { FeatureFiles } from './data/mmsa-part';
export { type MvsaOptions, mvsaSamples } from './data/mvsa-samples';
export type { LabelNames } from './data/read-label';
export type { SentimentColumns } from './data/sentiment-of-row';
export { type SimsOptions, simsSamples } from './data/sims-samples';
export type { MissingOptions } from './data/text-and-image';
export { type TwitterTargetOptions, twitterTargetSamples } from './data/twitter-target-samples';

// small encoders

export {
  FaceExpressionEncoder,
  type FaceExpressionEncoderConfig,
  type FaceExpressionEncoderOutput,
} from './encoders/face-expression-encoder';
export { SpeechEncoder, type SpeechEncoderConfig, type SpeechEncoderOutput } from './encoders/speech-encoder';
