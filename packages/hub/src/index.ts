export { convertTensors, restoreTensors, type TensorRule } from './convert-tensors';
export type { DownloadOptions, DownloadProgress, SnapshotOptions } from './download/download-options';
export { downloadSnapshot } from './download/download-snapshot';
export type { FolderHandle } from './download/folder-handle';
export type { RepoType } from './download/hub-client';
export { HubError, type HubErrorReason } from './download/hub-error';
export { openPretrained } from './download/open-pretrained';
export type { NetworkPatience } from './download/retry';
export { saveModelFiles } from './download/save-model-files';
export { openFlaxCheckpoint } from './formats/flax-checkpoint';
export { type PickleValue, readNumpyPickle } from './formats/numpy-pickle';
export { type OpenWeightsOptions, openWeights } from './formats/open-weights';
export { openTorchCheckpoint } from './formats/torch-checkpoint';
export type { TorchPartOptions } from './formats/torch-tensors';
export { loadProcessor, type Processor } from './load-processor';
export { type LoadWeightsOptions, loadWeights, type WeightsReport } from './load-weights';
export { filesInMemory, type ModelFiles } from './model-files';
export {
  type FileContents,
  type PretrainedFamily,
  PretrainedModule,
  type PretrainedOptions,
  type PretrainedSource,
  type SaveOptions,
} from './pretrained-module';
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
