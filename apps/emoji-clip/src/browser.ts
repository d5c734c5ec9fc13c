/** What a page uses of this app: nothing here reaches Node. */

// words
export { conceptName, sampleCaption } from './data/captions';
export type { Concept } from './data/concepts';
export { trimToInk } from './data/trim-to-ink';
// measuring
export { pictureFeatures, textFeatures } from './features';
export { type Features, type Measurements, measure, type RetrievalFigures } from './measure';
// the model
export { createModel, type EmojiCLIP } from './model';
// pictures
export { pictureProcessor } from './picture-processor';
export { type AugmentStrength, augmentPicture, PIXEL_RANGE } from './pictures/augment-picture';
export { type PictureStack, stackPictures } from './pictures/picture-stack';
export { playgroundRecipe, type Recipe } from './recipe';
export { type ModelContents, restoreModel, type TrainedModel } from './restore-model';
export { nearest } from './search-features';
export { learnTokenizer, plainWords, wordTokenizer } from './words';
