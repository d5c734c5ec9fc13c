/** What a page uses of this app: nothing here reaches Node. */

export { createArtist } from './artist';
export { createDALLE, createVQVAE } from './models';
export { pixelsOf, toImages } from './pixels';
export { playgroundRecipe, type Recipe } from './recipe';
export { type TokenSet, tokenize, tokensOf } from './tokens';
