// samples
export type { SentimentInput, SentimentSample, Waveform } from './sentiment-sample';
// the tutorial model
// models on feature sequences
// metrics
export { type MosiMetrics, mosiMetrics } from './metrics/mosi-metrics';
export { type SentimentClassMetrics, sentimentClassMetrics } from './metrics/sentiment-class-metrics';
export { type SimsMetrics, simsMetrics } from './metrics/sims-metrics';
// data
// small encoders
