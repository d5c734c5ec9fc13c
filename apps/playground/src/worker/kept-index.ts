import type { TextKey } from '../i18n/texts';
import { type ModelId, openTrainedFolder, readTrained, SHIPPED } from '../models/trained-model';
import { PlaygroundError } from '../playground-error';
import { PictureIndex } from '../search/picture-index';
import type { IndexState } from '../search/search-types';
import { OPFSFolder } from '../store/opfs';
import { clipFiles } from './shipped/shipped-clip';

const FILE = 'pictures.safetensors';
/** While many come in, in milliseconds. */
const KEEP_EVERY = 20_000;

/** The pictures that one model has taken in, in the worker and in this browser's storage. */
export class KeptIndex {
  private isKept = false;
  private keptAt = 0;
  private keptSize = 0;

  private constructor(
    public pictures: PictureIndex,
    /** Undefined where the browser keeps nothing for the page. */
    private readonly folder: OPFSFolder | undefined,
  ) {}

  /** What an earlier visit left; `putAway` says why that could not be used. */
  static async open(model: ModelId): Promise<{ kept: KeptIndex; putAway: TextKey | undefined }> {
    const isShipped = model === SHIPPED;
    const pictures = isShipped ? await emptyIndexOfShipped() : await emptyIndexOfTrained(model);
    const folder = await (isShipped ? OPFSFolder.open('search') : openTrainedFolder()).catch(() => undefined);
    const kept = new KeptIndex(pictures, folder);
    return { kept, putAway: await kept.load() };
  }

  get state(): IndexState {
    const { size, bytes } = this.pictures;
    return { count: size, bytes, isKept: this.isKept };
  }

  /** Writes what is new. `isMore`: more follows at once, so that it may wait. */
  async keep(isMore: boolean): Promise<void> {
    const { size } = this.pictures;
    if (size === this.keptSize || (isMore && performance.now() - this.keptAt < KEEP_EVERY)) return;
    await this.folder?.write(FILE, this.pictures.toBytes() as Uint8Array<ArrayBuffer>);
    this.isKept = this.folder !== undefined;
    this.keptAt = performance.now();
    this.keptSize = size;
  }

  /** Forgets all pictures, also those kept in the browser. */
  async forget(): Promise<void> {
    const { model, dim } = this.pictures;
    this.pictures = new PictureIndex(model, dim);
    this.isKept = false;
    this.keptSize = 0;
    await this.folder?.remove(FILE);
  }

  private async load(): Promise<TextKey | undefined> {
    const { folder, pictures } = this;
    const file = await folder?.read(FILE).catch(() => undefined);
    if (!file) return undefined;
    let reason: TextKey = 'search.otherModel';
    try {
      const bytes = new Uint8Array(await file.arrayBuffer());
      const stored = PictureIndex.fromBytes(bytes, pictures.model, pictures.dim);
      if (stored) {
        this.pictures = stored;
        this.keptSize = stored.size;
        this.isKept = true;
        return undefined;
      }
    } catch {
      reason = 'search.damagedIndex';
    }
    await folder?.remove(FILE);
    return reason;
  }
}

async function emptyIndexOfShipped(): Promise<PictureIndex> {
  const { id, recipe } = await clipFiles();
  return new PictureIndex(id, recipe.projectionDim);
}

async function emptyIndexOfTrained(id: ModelId): Promise<PictureIndex> {
  const model = await readTrained();
  if (model?.id !== id) throw new PlaygroundError('models.gone');
  return new PictureIndex(id, model.dim);
}
