// What browser.test.ts runs in a page: the package as a web application uses it.
import { downloadSnapshot, HubError, type ModelFiles, openPretrained, saveModelFiles } from '../src/index';

type Options = Parameters<typeof openPretrained>[1];

const hex = async (files: ModelFiles, path: string) => {
  const source = await files.open(path);
  const digest = await crypto.subtle.digest('SHA-256', (await source.read(0, source.size)).slice());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
};

const program = {
  async open(name: string, options: Options, parts: string[] = []) {
    const progress: number[] = [];
    const files = await openPretrained(name, {
      ...options,
      onProgress: ({ loaded }) => progress.push(loaded),
    });
    const list = await files.list();
    const hashes: Record<string, string> = {};
    for (const path of list) hashes[path] = await hex(files, path);
    const read = await Promise.all(
      parts.map(async (path) => [...(await (await files.open(path)).read(1, 4))]),
    );
    return { name: files.name, list, hashes, read, progress };
  },
  async fail(name: string, options: Options) {
    const error = await openPretrained(name, options).catch((e: Error) => e);
    return error instanceof HubError ? { reason: error.reason, message: error.message } : String(error);
  },
  /** Starts, and stops once so much has come. */
  async stopAfter(name: string, options: Options, bytes: number) {
    const stop = new AbortController();
    const onProgress = ({ loaded }: { loaded: number }) => loaded >= bytes && stop.abort(new Error('enough'));
    return String(
      await openPretrained(name, { ...options, signal: stop.signal, onProgress }).catch((e) => e),
    );
  },
  async handles() {
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle('mine', { create: true });
    const part = Uint8Array.of(1, 2, 3);
    await saveModelFiles(folder, { 'config.json': '{"a":1}', 'onnx/model.onnx': [part, part] });
    await saveModelFiles(folder, { 'config.json': '{"a":2}' });
    const files = await openPretrained(folder);
    const config = await files.open('config.json');
    const missing = await files.open('none').catch((e) => String(e));
    const outside = await files.open('../none').catch((e) => String(e));
    const text = new TextDecoder().decode(await config.read(0, config.size));
    const folders = await downloadSnapshot('org/name').catch((e) => String(e));
    return { list: await files.list(), text, missing, outside, folders };
  },
};

export type BrowserProgram = typeof program;
Object.assign(globalThis, { program });
