// losses
export { clipLoss } from './clip-loss';
export type { ContrastiveLossOptions } from './pair-chunks';
export { sigLIPLoss } from './siglip-loss';
