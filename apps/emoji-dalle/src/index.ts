/** What other apps use of this one, in Node. */

export { loadDrawings } from './data';
export { type DALLEFigures, measureDALLE } from './measure/measure-dalle';
export { measureVQVAE, type VQVAEFigures } from './measure/measure-vqvae';
export { RunFolder } from './run-folder';
export { tokenize } from './tokens';
