/** What other apps use of this one, in Node. */

export { type EmojiRating, loadEmojiRatings } from './data/emoji-ratings';
export { rateByLabels } from './data/label-ratings';
export { loadPictureSentences, rateConcepts, type TestSet, testSets } from './data/picture-sentences';
export { classesOf, probabilitiesOf } from './measure/probabilities';
export { RunFolder } from './run-folder';
export { inputsOf } from './tasks/picture-inputs';
