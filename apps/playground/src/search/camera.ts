import type { TextKey } from '../i18n/texts';
import { PlaygroundError } from '../playground-error';

/**
 * The camera's pictures, once the user has allowed it.
 *
 * @throws PlaygroundError that says why there are none.
 */
export async function openCamera(): Promise<MediaStream> {
  if (!navigator.mediaDevices?.getUserMedia) {
    throw new PlaygroundError(isSecureContext ? 'search.cameraAbsent' : 'search.cameraInsecure');
  }
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { width: { ideal: 640 }, height: { ideal: 480 }, facingMode: 'environment' },
    });
  } catch (cause) {
    const { name } = cause as DOMException;
    throw new PlaygroundError(REASONS[name] ?? 'search.cameraBusy', {}, { cause });
  }
}

const REASONS: Readonly<Record<string, TextKey>> = {
  NotAllowedError: 'search.cameraRefused',
  SecurityError: 'search.cameraRefused',
  NotFoundError: 'search.cameraAbsent',
  OverconstrainedError: 'search.cameraAbsent',
};

/** The middle of a video's picture, small: what the model is shown. */
export function frameOf(video: HTMLVideoElement, side: number): Promise<ImageBitmap> {
  const { videoWidth: width, videoHeight: height } = video;
  const cut = Math.min(width, height);
  return createImageBitmap(video, (width - cut) / 2, (height - cut) / 2, cut, cut, {
    resizeWidth: side,
    resizeHeight: side,
    resizeQuality: 'medium',
  });
}
