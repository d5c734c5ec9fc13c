// samples
export type { SentimentInput, SentimentSample, Waveform } from './sentiment-sample';
// the tutorial model
// models on feature sequences
// metrics
// data
// small encoders
