import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Designer } from './designers';
import { type PictureSet, readPictureFile } from './picture-file';
import { pictureFilePath, pictureKey, picturesInPart } from './render-designer';

/** How far the rendering of one designer is. */
export interface RenderProgress {
  designer: Designer;
  done: number;
  total: number;
}

const WORKER = fileURLToPath(new URL('./render-worker.ts', import.meta.url));

/**
 * The pictures of each designer, by id: from the cache where it is whole and of these versions, rendered otherwise.
 *
 * @param processes how many designers are rendered at once
 * @throws when a drawing can be rendered in neither way, naming the designer
 */
export async function renderDesigners(
  designers: readonly Designer[],
  cacheDir: string,
  onProgress: (progress: RenderProgress) => void = () => {},
  processes = 2,
): Promise<Map<string, PictureSet>> {
  const sets = new Map<string, PictureSet>();
  const missing: Designer[] = [];
  for (const designer of designers) {
    const set = readPictureFile(pictureFilePath(designer, cacheDir), pictureKey(designer));
    if (set) sets.set(designer.id, set);
    else missing.push(designer);
  }
  const lane = async () => {
    for (let designer = missing.shift(); designer; designer = missing.shift()) {
      const current = designer;
      await renderInProcess(current, cacheDir, (done, total) =>
        onProgress({ designer: current, done, total }),
      );
      const set = readPictureFile(pictureFilePath(current, cacheDir), pictureKey(current));
      if (!set)
        throw new Error(`renderDesigners: ${current.id}: the pictures just rendered cannot be read back.`);
      sets.set(current.id, set);
    }
  };
  await Promise.all(Array.from({ length: processes }, lane));
  return new Map(designers.map(({ id }) => [id, sets.get(id)!]));
}

/** Runs the worker again past each drawing it dies of, as long as it gets any further. */
async function renderInProcess(
  designer: Designer,
  cacheDir: string,
  onProgress: (done: number, total: number) => void,
): Promise<void> {
  let carefulFirst = false;
  for (;;) {
    const before = picturesInPart(designer, cacheDir);
    const { ended, message } = await runWorker([designer.id, cacheDir, String(carefulFirst)], onProgress);
    if (ended === 'finished') return;
    const stuck = carefulFirst && picturesInPart(designer, cacheDir) === before;
    if (ended === 'failed' || stuck) {
      throw new Error(`renderDesigners: ${designer.id}: picture ${before} could not be rendered. ${message}`);
    }
    carefulFirst = true;
  }
}

function runWorker(
  args: string[],
  onProgress: (done: number, total: number) => void,
): Promise<{ ended: 'finished' | 'failed' | 'killed'; message: string }> {
  return new Promise((resolve, reject) => {
    const child = fork(WORKER, args, {
      execArgv: ['--conditions=crossmodal-source', '--import', 'tsx'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let message = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      message = (message + chunk.toString()).slice(-2000);
    });
    child.on('message', ({ done, total }: { done: number; total: number }) => onProgress(done, total));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      resolve({ ended: code === 0 ? 'finished' : signal ? 'killed' : 'failed', message: message.trim() });
    });
  });
}
