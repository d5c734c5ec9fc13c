import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { HubDefaults } from '../storage';

/** The variables and the token file that the Python library reads, with the same meaning. */
export async function hubDefaults(): Promise<HubDefaults> {
  const { env } = process;
  return {
    endpoint: env['HF_ENDPOINT'] || 'https://huggingface.co',
    token: isTrue(env['HF_HUB_DISABLE_IMPLICIT_TOKEN']) ? undefined : await readToken(),
    offline: isTrue(env['HF_HUB_OFFLINE'] || env['TRANSFORMERS_OFFLINE']),
  };
}

/** The folder of the cache, which is shared with the Python library. */
export function defaultCacheDir(): string {
  const { env } = process;
  return expandHome(env['HF_HUB_CACHE'] || env['HUGGINGFACE_HUB_CACHE'] || join(hubHome(), 'hub'));
}

export function isTrue(value: string | undefined): boolean {
  return value !== undefined && ['1', 'ON', 'YES', 'TRUE'].includes(value.toUpperCase());
}

/** An absolute path; `~` is the user's folder. */
export function expandHome(path: string): string {
  return resolve(path === '~' || /^~[/\\]/.test(path) ? join(homedir(), path.slice(1)) : path);
}

function hubHome(): string {
  const { env } = process;
  return env['HF_HOME'] || join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'huggingface');
}

async function readToken(): Promise<string | undefined> {
  const { env } = process;
  const given = env['HF_TOKEN']?.trim() || env['HUGGING_FACE_HUB_TOKEN']?.trim();
  if (given) return given;
  const path = expandHome(env['HF_TOKEN_PATH'] || join(hubHome(), 'token'));
  const saved = await readFile(path, 'utf8').catch(() => ''); // most users have none
  return saved.trim() || undefined;
}
