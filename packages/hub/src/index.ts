export { convertTensors, restoreTensors, type TensorRule } from './convert-tensors';
export { type LoadWeightsOptions, loadWeights, type WeightsReport } from './load-weights';
export { filesInMemory, type ModelFiles } from './model-files';
export {
  type ConfigField,
  type ConfigFields,
  checkModelType,
  configObject,
  field,
  readConfig,
  writeConfig,
} from './read-config';
export { readJson, readText } from './read-json';
export { renameTensors } from './rename-tensors';
