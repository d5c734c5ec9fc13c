import { type Concept, loadConcepts } from './concepts';
import { designers } from './designers';
import type { PictureSet } from './picture-file';
import { type RenderProgress, renderDesigners } from './render-designers';

/** All the data of the main job. */
export interface EmojiData {
  concepts: Concept[];
  /** By designer id: which concept each picture shows, as an index into `concepts`, and its pixels. */
  pictures: Map<string, PictureSet & { concepts: Int32Array }>;
}

/** Loads the words and the pictures of the given designers, rendering what the cache does not hold. */
export async function loadEmoji(
  cacheDir: string,
  designerIds: readonly string[],
  onProgress?: (progress: RenderProgress) => void,
): Promise<EmojiData> {
  const concepts = loadConcepts();
  const chosen = designers.filter(({ id }) => designerIds.includes(id));
  const index = new Map(concepts.map(({ hexcode }, i) => [hexcode, i]));
  const pictures: EmojiData['pictures'] = new Map();
  for (const [id, set] of await renderDesigners(chosen, cacheDir, onProgress)) {
    pictures.set(id, { ...set, concepts: Int32Array.from(set.hexcodes, (hexcode) => index.get(hexcode)!) });
  }
  return { concepts, pictures };
}
