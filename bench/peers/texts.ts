// Texts and vocabularies for bench/tokenize.ts, in .cache/bench/tokenize: captions of words that the CLIP vocabulary
// knows, the frequent ones often; its own files; and a WordPiece vocabulary of the same pieces.
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { byteCharacters, bytesInOrder } from '../../packages/processing/src/text/byte-characters';
import { clipMerges } from '../../packages/processing/src/text/clip-merges';

export const textsFolder = fileURLToPath(new URL('../../.cache/bench/tokenize/', import.meta.url));

export function writeTexts(count = 4000): void {
  mkdirSync(textsFolder, { recursive: true });
  const write = (name: string, content: string) => writeFileSync(textsFolder + name, content);
  const bytes = bytesInOrder.map((byte) => byteCharacters[byte]!);
  const tokens = [...bytes, ...bytes.map((c) => `${c}</w>`)];
  const merges: string[] = [];
  const packed = Buffer.from(clipMerges, 'base64');
  for (let i = 0; i < packed.length; i += 4) {
    const [left, right] = [tokens[packed.readUInt16LE(i)]!, tokens[packed.readUInt16LE(i + 2)]!];
    merges.push(`${left} ${right}`);
    tokens.push(left + right);
  }
  tokens.push('<|startoftext|>', '<|endoftext|>');
  write('vocab.json', JSON.stringify(Object.fromEntries(tokens.map((token, id) => [token, id]))));
  write('merges.txt', `#version: 0.2\n${merges.join('\n')}\n`);

  const ascii = tokens.filter((token) => /^[a-z]+(<\/w>)?$/.test(token));
  const words = ascii.filter((token) => token.endsWith('</w>')).map((token) => token.slice(0, -4));
  const pieces = ascii.map((token) => `##${token.replace('</w>', '')}`);
  const marks = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)).filter(
    (c) => !/[A-Z]/.test(c),
  );
  const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
  write('vocab.txt', `${[...new Set([...special, ...marks, ...words, ...pieces])].join('\n')}\n`);

  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const word = () => {
    const known = words[Math.floor(words.length ** random()) - 1]!;
    const kind = random();
    if (kind < 0.05) return `${known[0]!.toUpperCase()}${known.slice(1)}`;
    if (kind < 0.07) return known + words[Math.floor(words.length * random())]!; // a word that nobody has seen
    if (kind < 0.09) return String(Math.floor(random() * 3000));
    if (kind < 0.1) return `${known}'s`;
    if (kind < 0.16) return `${known},`;
    return kind < 0.161 ? 'café' : known;
  };
  const text = () => `${Array.from({ length: 6 + Math.floor(random() * 20) }, word).join(' ')}.`;
  write('texts.json', JSON.stringify(Array.from({ length: count }, text)));
}
