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
export type { ForwardContext } from './forward-context';
export { requireRng } from './forward-context';
export type { HostDType, HostTensor, StateDict } from './host-tensor';
export { hostTensorFromValues, hostTensorValues } from './host-values';
export { type LoadReport, Module, parameterPattern } from './module';
export { ModuleList } from './module-list';
export { Parameter, type ParameterLayout, type ParameterOptions } from './parameter';
export { Rng, type RngState } from './rng';
export { type ValueAndGradients, valueAndGrad } from './value-and-grad';

// ops

// layers

// optimizers
export type { Optimizer, OptimizerStepOptions } from './optim/optimizer';

// data

// checkpoints

// training

// metrics

// backends
