import { type ByteSource, CheckpointError } from '@crossmodal/core';
import { readExactly } from './read-exactly';

const LFS_POINTER = 'version https://git-lfs.github.com/spec/v1';

/**
 * Sees what people have in place of weights, most often after a download that went wrong.
 *
 * @throws CheckpointError saying what the file is, and how to get the weights.
 */
export async function refuseForeignFile(source: ByteSource): Promise<void> {
  if (source.size === 0) throw new CheckpointError(`${source.name}: is empty. Download it again.`);
  const head = await readExactly(source, 0, Math.min(512, source.size));
  const text = new TextDecoder('latin1').decode(head);
  if (text.startsWith(LFS_POINTER)) {
    const size = /^size (\d{1,15})$/m.exec(text)?.[1];
    const what = size === undefined ? '' : ` to a file of ${size} bytes`;
    throw new CheckpointError(
      `${source.name}: is a git-LFS pointer${what}, not the weights. Run git lfs pull in its repository, or download the file itself.`,
    );
  }
  if (/^\s*<(!doctype|html|\?xml|head|!--)/i.test(text)) {
    throw new CheckpointError(
      `${source.name}: is a web page, not weights. Is the address that of the file itself, and does it need a log-in?`,
    );
  }
}
