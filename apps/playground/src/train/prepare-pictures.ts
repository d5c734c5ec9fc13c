import { trimToInk } from '@crossmodal/emoji-clip/browser';
import type { TextValues } from '../i18n/format-text';
import { readPicture } from '../pictures/read-picture';
import { PlaygroundError } from '../playground-error';
import type { PreparedPicture } from './run-types';
import { STORED_SIZE } from './stored-size';

/** A picture from outside as it is kept and trained on: cut to what is drawn, square, small. */
export async function preparePicture(file: Blob): Promise<PreparedPicture> {
  try {
    const { data } = trimToInk(await readPicture(file), STORED_SIZE);
    return { pixels: new Uint8Array(data) }; // readPicture gives RGBA
  } catch (error) {
    if (!(error instanceof PlaygroundError)) throw error;
    return { problem: { text: error.code, values: { ...(error.values as TextValues) } } };
  }
}
