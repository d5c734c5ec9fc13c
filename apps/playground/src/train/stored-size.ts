/** Side of the pictures that are trained on, in pixels, before they are changed at random. */
export const STORED_SIZE = 64;
