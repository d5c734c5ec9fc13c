import type { Limits } from '../limits';
import type { ImageTextSample } from '../sample';
import { messageOf, SkipSample } from '../skip-sample';
import type { TarEntry } from './read-tar';

const IMAGES = ['jpg', 'jpeg', 'png', 'webp', 'gif'];
const TEXTS = ['txt', 'json', 'cls'];

export interface TarGroupSettings extends Required<Limits> {
  textFields: readonly string[];
  classNames: readonly string[];
}

/** The files of one sample of an archive. */
export class TarGroup {
  readonly key: string;
  readonly start: number;
  /** The end of its last file so far. */
  end: number;
  private readonly settings: TarGroupSettings;
  private readonly files = new Map<string, Uint8Array>();
  private count = 0;
  private problem: SkipSample | undefined;

  constructor(key: string, start: number, settings: TarGroupSettings) {
    this.key = key;
    this.start = start;
    this.end = start;
    this.settings = settings;
  }

  /** Reads a file that a sample needs, unless it is too large; others are passed over. */
  async add(extension: string, entry: TarEntry): Promise<void> {
    this.end = entry.end;
    const isImage = IMAGES.includes(extension);
    if (++this.count > this.settings.maxFields) {
      this.fail('too many files', `more than ${this.settings.maxFields}.`);
    } else if (isImage || TEXTS.includes(extension)) {
      const max = isImage ? this.settings.maxImageBytes : this.settings.maxTextBytes;
      const what = isImage ? 'image' : 'text';
      if (entry.type !== 'file' && entry.type !== 'contiguous-file') {
        this.fail('not a regular file', `${entry.name} is a ${entry.type}.`);
      } else if (entry.size > max) {
        this.fail(`${what} too large`, `${entry.name} has ${entry.size} bytes, more than ${max}.`);
      } else if (this.files.has(extension)) {
        this.fail('repeated file', `two files ${entry.name}.`);
      }
      if (!this.problem) this.files.set(extension, await entry.content());
    }
  }

  /** @throws SkipSample where something is missing or wrong. */
  sample(): ImageTextSample {
    if (this.problem) throw this.problem;
    const image = IMAGES.flatMap((extension) => this.files.get(extension) ?? [])[0];
    if (!image) throw new SkipSample('no image', `there is none of ${IMAGES.join(', ')}.`);
    if (image.length === 0) throw new SkipSample('empty image', 'it has 0 bytes.');
    const metadata = this.metadata();
    const texts = this.texts(metadata).map((text) => text.trim());
    if (!texts.some((text) => text !== '')) throw new SkipSample('no text');
    return { key: this.key, image, texts: texts.filter((text) => text !== ''), metadata };
  }

  private metadata(): Record<string, unknown> {
    const json = this.text('json');
    const label = this.text('cls');
    return {
      ...(json !== undefined && parseObject(json)),
      ...(label !== undefined && { cls: parseLabel(label) }),
    };
  }

  private texts(metadata: Record<string, unknown>): string[] {
    const text = this.text('txt');
    if (text !== undefined) return [text];
    const fields = this.settings.textFields.flatMap((field) =>
      Object.hasOwn(metadata, field) ? metadata[field] : [],
    );
    const texts = fields.filter((value) => typeof value === 'string');
    if (texts.length > 0) return texts;
    const name = this.settings.classNames[metadata['cls'] as number];
    return name === undefined ? [] : [name];
  }

  private text(extension: string): string | undefined {
    const bytes = this.files.get(extension);
    return bytes && new TextDecoder().decode(bytes);
  }

  private fail(reason: string, detail: string): void {
    this.problem ??= new SkipSample(reason, detail);
    this.files.clear();
  }
}

function parseObject(json: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new SkipSample('damaged JSON', messageOf(cause), { cause });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new SkipSample('damaged JSON', 'it is not an object.');
}

function parseLabel(text: string): number {
  const label = Number(text.trim());
  if (text.trim() !== '' && Number.isSafeInteger(label)) return label;
  throw new SkipSample('damaged class', `${JSON.stringify(text.slice(0, 40))} is not an integer.`);
}
