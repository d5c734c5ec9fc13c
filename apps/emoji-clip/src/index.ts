/** What other apps use of this one. */

// pages and terminals
export { CACHE, PICTURE_SIZE, UNSEEN } from './commands/train';
// words and drawings
export { attributionTable } from './data/attribution';
export { conceptName, sampleCaption } from './data/captions';
export type { Concept } from './data/concepts';
export { type Designer, designerById, designers } from './data/designers';
export { iconSvg, readIconSet } from './data/iconify';
export { type EmojiData, loadEmoji } from './data/load-emoji';
export { renderDrawing } from './data/render-drawing';
// the trained model
export { pictureProcessor } from './picture-processor';
// pictures
export { type AugmentStrength, augmentPicture, PIXEL_RANGE } from './pictures/augment-picture';
export { Augmenter } from './pictures/augmenter';
export { type PictureStack, stackPictures } from './pictures/picture-stack';
export { type Chart, type Curve, chartsHtml } from './report/curves';
export { escapeHtml, table } from './report/html';
export { pageHtml } from './report/page';
export { figureByStep, readLog, thinned } from './report/read-log';
export type { TrainedModel } from './restore-model';
export { beginRun, readRunJson, writeWhole } from './run-files';
export { RunFolder } from './run-folder';
export { runProgram } from './run-program';
export { stopSignal } from './stop-signal';
export { renderBar } from './terminal-bar';
export { showsColours, terminalPictures } from './terminal-picture';
export { textTable } from './text-table';
export { learnTokenizer, plainWords, wordTokenizer } from './words';
